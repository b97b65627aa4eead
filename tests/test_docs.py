"""What the pages say holds in this tree: links, paths, names, commands and their options."""

import argparse
import importlib
import re
from functools import cache
from pathlib import Path

import pytest

from mmbarlow.commands.main import VERBS

ROOT = Path(__file__).parents[1]
README = ROOT / 'README.md'
TOP = (README, *(ROOT / f'{n}.md' for n in ('CONTRIBUTING', 'CHANGELOG', 'SECURITY', 'model_zoo')))
DOCS = sorted((ROOT / 'docs').glob('*.md'))
PAGES = [path for path in (*TOP, *DOCS) if path.exists()]

FENCED = re.compile(r'^ *```([\w{}-]*)\n(.*?)^ *```$', re.DOTALL | re.MULTILINE)
INLINE = re.compile(r'`([^`]+)`')
LINK = re.compile(r'\]\(([^)\s]+)\)')
FILE = re.compile(r'(?<![\w./:-])(?:mmbarlow|configs|tools|tests|docs|examples)/[\w./*-]*[\w/*]')
PLACEHOLDER = re.compile(r'NAME|FOLDER|CONFIG|FILE|\bX\b')
CLASS = re.compile(r'(?<![\w./])mmbarlow\.([A-Z]\w+)')
COMMAND = re.compile(r'tools/([\w/]+\.(?:py|sh))((?: +[^\s#|;]+)*)')
VERB = re.compile(r'^(?:python -m )?mmbarlow ([a-z]+)((?: +[^\s#|;]+)*)', re.MULTILINE)
SCRIPTS = {
    'dist_train.sh': 'train.py',
    'slurm_train.sh': 'train.py',
    'dist_test.sh': 'test.py',
    'dist_benchmark.sh': 'benchmark.py',
}


@cache
def prose(page: Path) -> str:
    return FENCED.sub('', page.read_text())


@cache
def code(page: Path) -> str:
    """Fenced blocks, a continued command on one line, and what stands in backticks, one a line."""
    blocks = [block.replace('\\\n', ' ') for _, block in FENCED.findall(page.read_text())]
    return '\n'.join([*blocks, *INLINE.findall(prose(page))])


def links(page: Path) -> list[str]:
    found = LINK.findall(INLINE.sub('', prose(page)))
    return [link for link in found if not re.match(r'https?:|mailto:', link)]


def anchors(page: Path) -> set[str]:
    """The anchors of a page: those that GitHub makes of its headings, and its own."""
    headings = re.findall(r'^#+ (.*)$', prose(page), re.MULTILINE)
    slugs = {re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-') for heading in headings}
    return slugs | set(re.findall(r'<a id="([\w-]+)">', prose(page)))


def named(pattern: re.Pattern) -> set[tuple[str, str]]:
    """What `pattern` finds in the code of the pages, with the page."""
    return {(page.name, found) for page in PAGES for found in pattern.findall(code(page))}


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading(page):
    for link in links(page):
        path, _, anchor = link.partition('#')
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_can_be_reached_from_the_readme():
    reached, waiting = set(), [README]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != '.md' or not page.exists():
            continue
        reached.add(page)
        waiting += [(page.parent / link.partition('#')[0]).resolve() for link in links(page)]
    assert set(PAGES) - reached == set()


def test_every_path_in_code_exists():
    found = {(page, path) for page, path in named(FILE) if not PLACEHOLDER.search(path)}
    assert len(found) > 100
    assert [(page, path) for page, path in sorted(found) if not any(ROOT.glob(path))] == []


def test_every_class_in_code_exists():
    modules = [path.read_text() for path in (ROOT / 'mmbarlow').rglob('*.py')]
    examples = [code(page) for page in PAGES]  # CONTRIBUTING.md shows how to add a class
    defined = set(re.findall(r'^(?:class|def) (\w+)', '\n'.join(modules + examples), re.MULTILINE))
    assert {(page, name) for page, name in named(CLASS) if name not in defined} == set()


def test_blocks_of_shell_commands_can_be_pasted():
    languages = {
        (page.name, language) for page in PAGES for language, _ in FENCED.findall(page.read_text())
    }
    known = {'', 'math', 'python', 'shell', 'yaml', '{eval-rst}'}
    assert {(page, language) for page, language in languages if language not in known} == set()
    prompts = [page.name for page in PAGES if re.search(r'^ *\$ ', page.read_text(), re.MULTILINE)]
    assert prompts == []


def test_every_option_in_a_command_is_one_of_its_tool(run_tool):
    used: dict[str, set[tuple[str, str]]] = {}
    for page, (tool, arguments) in named(COMMAND):
        options = re.findall(r'(?<!\S)--[\w-]+', arguments)
        used.setdefault(SCRIPTS.get(tool, tool), set()).update((page, name) for name in options)
    assert sum(map(len, used.values())) > 30
    unknown = []
    for tool, options in sorted(used.items()):
        if options:
            known = re.findall(r'--[\w-]+', run_tool(tool, '--help')[1])
            known.append('--max-restarts')  # of dist_run.sh, which gives it to torchrun
            unknown += [(tool, *option) for option in sorted(options) if option[1] not in known]
    assert unknown == []


def test_every_option_of_a_verb_is_one_of_it():
    used = {(page, *found) for page, found in named(VERB)}
    assert {verb for _, verb, _ in used} == set(VERBS)
    for page, verb, arguments in used:
        parser = argparse.ArgumentParser()
        importlib.import_module(f'mmbarlow.commands.{verb}').add_arguments(parser)
        options = re.findall(r'(?<!\S)--[\w-]+', arguments)
        assert set(options) <= set(parser._option_string_actions), (page, verb)
