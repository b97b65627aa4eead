"""Evaluate a checkpoint with the test loop of its config.

    python tools/test.py configs/barlowtwins/NAME.py work_dirs/NAME/epoch_20.pth
    python tools/test.py configs/benchmarks/voc_detection/NAME.py work_dirs/NAME/iter_24000.pth

Takes the checkpoints of a training run and, of pretraining, the exported backbone too.
`tools/benchmark.py` runs the protocols of the model zoo and keeps records.
"""

import argparse

from mmbarlow import cli
from mmbarlow.checkpoints import check_fits, read_checkpoint, unwrap
from mmbarlow.config import check_data_folders, load_config
from mmbarlow.config_files import explained
from mmbarlow.convert.fitting import fit_module, read_weights
from mmbarlow.engine.attempt import undone_if_it_fails
from mmbarlow.engine.terminal import TerminalRunner
from mmbarlow.errors import InputError
from mmbarlow.evaluation.feature_loop import FeatureLoop
from mmbarlow.launch import prepare_processes


def main() -> None:
    parser = argparse.ArgumentParser(description='Evaluate a checkpoint.')
    cli.add_config_arguments(parser)
    parser.add_argument('checkpoint', help='checkpoint of a training run, or exported backbone')
    args = parser.parse_args()

    cfg = load_config(args.config, args.cfg_options, args.work_dir)
    if cfg.get('test_cfg') is None or cfg.get('test_dataloader') is None:  # {} is MMEngine's loop
        raise InputError(
            f'{args.config} has no test loop, since its images have no labels: evaluate the '
            'checkpoint with tools/benchmark.py CHECKPOINT --suite NAME, on data with labels.'
        )
    if cfg.get('test_evaluator') is None:
        raise InputError(
            f'{args.config} has a test_dataloader and no test_evaluator, which says what to '
            'measure.'
        )
    check_data_folders(cfg)
    read_weights(args.checkpoint)  # before anything is built
    prepare_processes(cfg, args.launcher)
    if 'annotations' in cfg:
        from mmbarlow.detection.own_data import complete  # only detectors need mmdet

        complete(cfg)
    if 'decode_head' in cfg.model:  # only segmentors need mmseg
        from mmbarlow.segmentation.preparation import prepare_masks

        prepare_masks(cfg)
    with undone_if_it_fails(cfg), explained('the config'):
        runner = TerminalRunner.from_cfg(cfg)
        _ = runner.test_loop  # a property that builds
    model = unwrap(runner.model)
    if isinstance(runner.test_loop, FeatureLoop):  # it tests the backbone alone
        state = fit_module(model.backbone, args.checkpoint).state
        model.backbone.load_state_dict(state, strict=False)
    else:
        checkpoint = read_checkpoint(args.checkpoint)
        state = checkpoint.get('state_dict', checkpoint)
        check_fits(model, state, args.checkpoint)
        model.load_state_dict(state)
    runner.test()


if __name__ == '__main__':
    cli.run(main)
