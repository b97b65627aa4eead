"""The site: every page has a place in it, and the API pages have every name one can use."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [path.relative_to(ROOT) for path in (*ROOT.glob('*.md'), *(ROOT / 'docs').glob('*.md'))]
NEEDED = ('autoapi', 'furo', 'myst_parser', 'sphinx_copybutton')
MISSING = ', '.join(name for name in NEEDED if find_spec(name) is None)
DIRECTIVE = re.compile(r'^\.\. autoapi(class|function):: (\S+)$', re.MULTILINE)


def described() -> list[str]:
    """The names on the API pages, each with its module."""
    pages = (ROOT / 'docs').glob('api*.md')
    return [name for page in pages for _, name in DIRECTIVE.findall(page.read_text())]


def registered() -> Iterator[str]:
    for path in (ROOT / 'mmbarlow').rglob('*.py'):
        module = '.'.join(path.relative_to(ROOT).with_suffix('').parts)
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and any(
                'register_module' in ast.unparse(decorator) for decorator in node.decorator_list
            ):
                yield f'{module}.{node.name}'


def public() -> Iterator[str]:
    """What `mmbarlow.loss` exports and `mmbarlow.apis` defines."""
    for node in ast.parse((ROOT / 'mmbarlow' / 'loss' / '__init__.py').read_text()).body:
        if isinstance(node, ast.ImportFrom):
            yield from (f'mmbarlow.loss.{alias.asname}' for alias in node.names)
    for node in ast.parse((ROOT / 'mmbarlow' / 'apis.py').read_text()).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith('_'):
            yield f'mmbarlow.apis.{node.name}'


def test_every_public_and_every_registered_name_is_in_the_reference_once():
    names = described()
    assert len(names) == len(set(names))
    usable = {*registered(), *public(), 'mmbarlow.loss.family.loss_of_views.LossOfViews'}
    usable.remove('mmbarlow.loss.InputError')  # the same class as the next one
    assert {*names} == {*usable, 'mmbarlow.errors.InputError'}


def test_every_page_stands_in_one_group_of_the_site():
    tree = ast.parse((ROOT / 'docs' / 'conf.py').read_text())
    (groups,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == 'GROUPS'
    )
    placed = sorted(page for pages in groups.values() for page in pages)
    assert placed == sorted(str(p.with_suffix('')) for p in PAGES if p.name != 'README.md')


@pytest.mark.slow
@pytest.mark.skipif(bool(MISSING), reason=f'no {MISSING}: pip install -r requirements/docs.txt')
def test_the_site_is_built_without_a_warning(tmp_path):
    command = [sys.executable, '-m', 'sphinx', '-W', '-q', '-c', 'docs', '.', str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, '')
    assert (tmp_path / 'index.html').read_bytes() == (tmp_path / 'README.html').read_bytes()
