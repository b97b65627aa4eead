"""The code blocks of the pages: every command parses as its tool reads it, and Python compiles."""

import argparse
import importlib
import importlib.util
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from textwrap import dedent

import pytest

from mmbarlow.commands.main import VERBS

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob('*.md'), *(ROOT / 'docs').glob('*.md')])
BLOCK = re.compile(r'^ *```([\w{}-]*)\n(.*?)^ *```$', re.DOTALL | re.MULTILINE)
OTHER_PROGRAMS = {'.', 'apt-get', 'cat', 'cp', 'docker', 'git', 'mim', 'pip', 'python -m venv'}
# The tool that a shell script calls, and which of its own arguments it keeps to itself.
SCRIPTS = {
    'tools/dist_train.sh': ('tools/train.py', slice(1, 2)),
    'tools/dist_test.sh': ('tools/test.py', slice(2, 3)),
    'tools/dist_benchmark.sh': ('tools/benchmark.py', slice(1, 2)),
    'tools/slurm_train.sh': ('tools/train.py', slice(0, 2)),
}
# Bash reads the block, and writes the words of each command in the place of running it.
TOLD = 'command_not_found_handle() { printf "%s\\0" "$@" END; }\n' + ''.join(
    f'function {name} {{ command_not_found_handle {name} "$@"; }}\n' for name in ('.', *SCRIPTS)
)


def blocks(language: str) -> list[tuple[Path, str]]:
    found = [(page, *block) for page in PAGES for block in BLOCK.findall(page.read_text())]
    return [(page, dedent(code)) for page, kind, code in found if kind == language]


def commands(page: Path, folder: Path) -> list[list[str]]:
    """The words of each command in the shell blocks of a page, variables replaced."""
    script = TOLD + '\n'.join(code for source, code in blocks('shell') if source == page)
    environment = dict(PATH='/nowhere', HOME=str(folder))
    done = subprocess.run(
        ['/bin/bash', '-c', script], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, ''), page.name
    return [said.split('\0')[:-1] for said in done.stdout.split('END\0')[:-1]]


class Parsed(Exception):
    """The tool has read its arguments, and has not begun to work."""


@cache
def main_of(tool: str):
    path = ROOT / tool
    spec = importlib.util.spec_from_file_location(f'block_{path.stem}', path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def parse_tool(tool: str, words: list[str], patch: pytest.MonkeyPatch) -> None:
    parse = argparse.ArgumentParser.parse_args

    def parse_alone(self, *args, **kwargs):
        parse(self, *args, **kwargs)
        raise Parsed

    with patch.context() as inner:
        inner.syspath_prepend((ROOT / tool).parent)
        inner.setattr(argparse.ArgumentParser, 'parse_args', parse_alone)
        inner.setattr(sys, 'argv', [tool, *words])
        with pytest.raises(Parsed):
            main_of(tool)()


def check(words: list[str], patch: pytest.MonkeyPatch) -> None:
    """Fails unless the program of a command exists and takes its arguments."""
    program, *rest = words
    if words[:3] == ['python', '-m', 'pytest']:
        named = [word for word in rest[2:] if word.startswith('tests/')]
        assert all((ROOT / word).exists() for word in named), words
        return
    if words[:3] == ['python', '-m', 'mmbarlow']:
        program, rest = 'mmbarlow', words[3:]
    if words[:3] == ['python', '-m', 'venv']:
        program = 'python -m venv'
    elif program == 'python':
        program, *rest = rest
    if program in SCRIPTS:
        assert (ROOT / program).exists(), words
        program, own = SCRIPTS[program]
        del rest[own]
        if '--max-restarts' in rest:  # for torchrun
            place = rest.index('--max-restarts')
            del rest[place : place + 2]
    if program == 'mmbarlow' and rest != ['--help']:
        assert rest[0] in VERBS, words
        parser = argparse.ArgumentParser()
        importlib.import_module(f'mmbarlow.commands.{rest[0]}').add_arguments(parser)
        parser.parse_args(rest[1:])
    elif program == 'make':
        assert re.search(rf'^{re.escape(rest[0])}:', (ROOT / 'Makefile').read_text(), re.MULTILINE)
    elif program.startswith('tools/'):
        parse_tool(program, rest, patch)
    else:
        assert program in {*OTHER_PROGRAMS, 'mmbarlow'}, words


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_every_command_parses(page, tmp_path, monkeypatch, capsys):
    for words in commands(page, tmp_path):
        try:
            check(words, monkeypatch)
        except SystemExit:
            pytest.fail(f'{" ".join(words)}: {capsys.readouterr().err}')


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_every_block_of_python_compiles(page):
    for number, (source, code) in enumerate(blocks('python')):
        if source == page:
            compile(code, f'{page.name}, block {number}', 'exec')
