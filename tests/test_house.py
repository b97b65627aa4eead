"""The order of the package: imports point one way, a name means one thing, English is American."""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = sorted((ROOT / 'mmbarlow').rglob('*.py'))

# The rooms of the package: each may import itself and those on lower floors.
FLOORS = (
    {'loss'},
    {'leaf'},
    {'models', 'datasets', 'zoo'},
    {'convert'},
    {'engine', 'apis'},
    {'evaluation'},
    {'detection', 'segmentation', 'registered'},
    {'benchmarks'},
    {'studies'},
    {'commands'},
    {'__main__'},
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
# Modules at the top of the package that all rooms but the loss may import.
LEAVES = {path.stem for path in (ROOT / 'mmbarlow').glob('*.py')} - FLOOR.keys()

BRITISH = re.compile(
    r'(?<![^\W_])(un)?('  # the beginning of a word, or of a word in an identifier
    r'artefact|analys(ed|ing)|behaviour|cent(re|ring)|colour|favour|grey|honour|judgement|labell'
    r'|learnt|licence|misspelt|modell|neighbour|spelt|travell|whilst'
    r'|(character|general|initial|maxim|minim|normal|optim|organ|parallel|quant|random|real'
    r'|recogn|regular|serial|special|standard|summar|synchron|util|vector|visual)is(e|ing|ation)'
    r')\w*',
    re.IGNORECASE,
)


def room(module: str) -> str:
    name = module.split('.')[1]
    return 'leaf' if name in LEAVES else name


def imports() -> Iterator[tuple[str, str]]:
    """Every module of the package with each name that it imports, wherever in the file."""
    for path in PACKAGE:
        *package, name = path.relative_to(ROOT).with_suffix('').parts
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                above = package[: len(package) + 1 - node.level] if node.level else []
                source = '.'.join([*above, *filter(None, [node.module])])
                names = [f'{source}.{alias.name}' for alias in node.names]
            else:
                continue
            yield from (('.'.join([*package, name]), imported) for imported in names)


def test_imports_point_to_lower_floors():
    own = [pair for pair in imports() if pair[1].startswith('mmbarlow.')]
    assert len(own) > 300
    up = [
        f'{module} imports {imported}'
        for module, imported in own
        if room(module) != room(imported) and FLOOR[room(module)] <= FLOOR[room(imported)]
    ]
    assert up == []


def test_only_detection_imports_mmdet():
    assert {room(module) for module, name in imports() if name.startswith('mmdet')} == {'detection'}


def test_only_segmentation_imports_mmseg():
    rooms = {room(module) for module, name in imports() if name.startswith('mmseg')}
    assert rooms == {'segmentation'}


def test_the_loss_imports_only_torch():
    found = {name for module, name in imports() if room(module) == 'loss'}
    others = {name for name in found if not name.startswith('mmbarlow.loss.')}
    assert {name.split('.')[0] for name in others} - sys.stdlib_module_names == {'torch'}


def test_no_two_classes_or_public_functions_share_a_name():
    places = defaultdict(list)
    for path in PACKAGE:
        verb = {'add_arguments', 'run'} if path.parent.name == 'commands' else set()
        for node in ast.parse(path.read_text()).body:
            named = isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name not in verb
            if named and not node.name.startswith('_'):
                places[node.name].append(str(path.relative_to(ROOT)))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_no_code_runs_a_tool_or_changes_the_command_line():
    tools = [
        path for name in ('tools', 'configs', 'examples') for path in (ROOT / name).rglob('*.py')
    ]
    for path in PACKAGE + tools:
        found = re.search(r'\brunpy\b|sys\.argv(\[.*\])?\s*=[^=]', path.read_text())
        assert found is None, f'{path}: {found}'


def prose() -> Iterator[Path]:
    """What people write: neither records nor the pages that are made of them."""
    for folder in ('mmbarlow', 'tools', 'configs', 'examples', 'tests'):
        yield from (p for p in (ROOT / folder).rglob('*') if p.suffix in ('.py', '.sh'))
    made = ('model_zoo_records.md', 'ablations_results.md')
    yield from (path for path in (ROOT / 'docs').glob('*.md') if path.name not in made)
    yield from (ROOT / 'mmbarlow' / 'zoo').glob('*.json')
    yield from (ROOT / 'README.md', ROOT / 'CONTRIBUTING.md')


def test_spelling_is_american():
    found = [
        f'{path.relative_to(ROOT)}:{number}: {match[0]}'
        for path in prose()
        if path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for match in BRITISH.finditer(line)
        if not line[: match.start()].endswith('--')  # a second spelling of an option
    ]
    assert found == []
