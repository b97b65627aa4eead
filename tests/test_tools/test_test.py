"""Evaluating a checkpoint from the command line: answers to bad input."""

from mmbarlow.paths import CONFIGS


def test_a_config_without_a_test_loop_is_refused_with_the_tool_to_take(run_tool, tmp_path):
    (config,) = CONFIGS.glob('barlowtwins/*100e_folder.py')
    status, _, err = run_tool('test.py', config, tmp_path / 'none.pth')
    assert status == 2
    assert 'has no test loop, since its images have no labels' in err
    assert 'tools/benchmark.py CHECKPOINT --suite NAME' in err
