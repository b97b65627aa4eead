"""The options of the tools that people and scripts call: none comes or goes unnoticed."""

import re

import pytest

OPTIONS = {
    'train.py': (
        'amp auto-scale-lr cfg-options force launcher minutes requeue resume scale track work-dir'
    ),
    'test.py': 'cfg-options launcher work-dir',
    'benchmark.py': (
        'cfg-options config dry-run force jobs launcher on out scale seed seeds suite '
        'supervised train-options work-dir'
    ),
    'model_zoo.py': 'add check force',
}


@pytest.mark.parametrize('tool', OPTIONS)
def test_a_tool_has_these_options_and_no_other(tool, run_tool):
    status, out, _ = run_tool(tool, '--help')
    assert status == 0
    assert sorted(set(re.findall(r'^  --([\w-]+)', out, re.MULTILINE))) == OPTIONS[tool].split()
