"""Evaluate a checkpoint with the test loop of its config.

    python tools/test.py configs/barlowtwins/NAME.py work_dirs/NAME/epoch_20.pth

Takes the training's checkpoints and the exported backbone. `tools/benchmark.py` runs the
protocols of the model zoo and keeps records.
"""

import argparse

from mmengine.runner import Runner

from mmbarlow import cli
from mmbarlow.checkpoints import backbone_state, check_fits, read_checkpoint, unwrap


def main() -> None:
    parser = argparse.ArgumentParser(description='Evaluate a checkpoint.')
    cli.add_config_arguments(parser)
    parser.add_argument('checkpoint', help='checkpoint of the training, or exported backbone')
    args = parser.parse_args()

    cfg = cli.load_config(args.config, args.cfg_options, args.work_dir)
    cli.check_data_folders(cfg)
    state = backbone_state(read_checkpoint(args.checkpoint))
    cli.prepare_processes(cfg, args.launcher)
    with cli.explained('the config'):
        runner = Runner.from_cfg(cfg)
        _ = runner.test_loop  # a property that builds
    backbone = unwrap(runner.model).backbone
    check_fits(backbone, state, args.checkpoint)
    backbone.load_state_dict(state)
    runner.test()


if __name__ == '__main__':
    cli.run(main)
