"""One command measures all that a GPU can tell: reduced here, on a CPU."""

import importlib
import json
import sys
import time

import pytest

gpu = importlib.import_module('gpu')
Part = importlib.import_module('measure.gpu_parts').Part
OF_CPU = ('--device', 'cpu')


@pytest.fixture(scope='module')
def clean():
    """As if the code were that of a commit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('mmbarlow.zoo.provenance.commit', lambda *_: 'c' * 40)
        yield


def test_parts_are_measured_once_and_make_a_page(run_tool, tmp_path, clean):
    command = ['speed/gpu.py', *OF_CPU, '--parts', 'loss', 'loader', 'bits', '--out', tmp_path]
    status, out, err = run_tool(*command)
    assert status == 0, err
    assert 'loss        passed' in out
    assert 'loader      left out: needs' in out
    record = json.loads((tmp_path / 'loss.json').read_text())
    assert record['card'] == 'cpu'
    assert record['status'] == 'passed'
    assert {row['method'] for row in record['numbers']['rows']} >= {'auto', 'direct', 'gram'}

    assert 'loss        measured before' in run_tool(*command)[1]
    (tmp_path / 'loss.json').write_text(json.dumps(record | dict(commit='another')))
    assert 'loss        passed' in run_tool(*command)[1]

    status, _, err = run_tool('speed/gpu.py', '--out', tmp_path, '--page', tmp_path / 'gpu.md')
    assert status == 0, err
    page = (tmp_path / 'gpu.md').read_text()
    assert '## The loss against its peers' in page
    assert '8 x 32    gram' in page
    assert page.count('##') == 1


def test_a_part_that_hangs_or_fails_is_stopped_and_said_and_the_others_run(
    run_tool, tmp_path, monkeypatch
):
    hang = '-c "import time; print(1, flush=True); time.sleep(60)"'
    parts = dict(
        hangs=Part('h', 1, '', hang, least=0),
        fails=Part('f', 30, '', '-c "raise SystemExit(3)"'),
        works=Part('w', 30, '', '-c "print(2)" && -c "print(3)"'),
    )
    monkeypatch.setattr(gpu, 'PARTS', parts)
    monkeypatch.setattr(sys, 'argv', ['gpu.py', *OF_CPU, '--out', str(tmp_path)])
    start = time.monotonic()
    with pytest.raises(gpu.InputError, match='no result: hangs, fails; see'):
        gpu.main()
    assert time.monotonic() - start < 30
    found = {name: json.loads((tmp_path / f'{name}.json').read_text()) for name in parts}
    assert found['hangs']['status'] == 'stopped after 1 s'
    assert (tmp_path / 'hangs.log').read_text() == '1\n'
    assert found['fails']['status'] == 'failed (3)'
    assert found['works']['status'] == 'passed'
    assert (tmp_path / 'works.log').read_text() == '2\n3\n'


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (['--data', 'nowhere'], 'nowhere has no folder train'),
        (
            ['--page', 'page.md', '--out', 'nowhere'],
            'nowhere has no results: run tools/speed/gpu.py',
        ),
    ],
)
def test_bad_input_is_one_sentence(arguments, says, run_tool):
    status, _, err = run_tool('speed/gpu.py', *arguments)
    assert status == 2
    assert says in err
    assert err.count('\n') == 1
