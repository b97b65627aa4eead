"""Pretrain, or fine-tune a detector.

    python tools/train.py configs/barlowtwins/NAME.py             # one GPU, or the CPU
    tools/dist_train.sh configs/barlowtwins/NAME.py 8              # 8 GPUs, or 8 CPU processes
    python tools/train.py configs/barlowtwins/NAME.py --resume     # go on after an interruption
    python tools/train.py configs/barlowtwins/NAME.py --minutes 8  # what fits, then --resume
    tools/dist_train.sh configs/barlowtwins/NAME.py 4 --auto-scale-lr    # another batch size
    tools/dist_train.sh configs/benchmarks/voc_detection/NAME.py 8 --cfg-options pretrained=FILE

Results go to work_dirs/NAME/: resolved config, log, checkpoints, NAME_backbone.pth, records/.
"""

import argparse

import torch
from mmengine.config import Config
from mmengine.runner import Runner, find_latest_checkpoint

from mmbarlow import cli
from mmbarlow.benchmarks.network import combined
from mmbarlow.checkpoints import check_fits, read_checkpoint, unwrap
from mmbarlow.config import check_data_folders, explained, load_config
from mmbarlow.engine.batch_size_lr import use_learning_rates
from mmbarlow.errors import InputError
from mmbarlow.evaluation.training import split_batch
from mmbarlow.launch import prepare_processes, start_processes
from mmbarlow.loss import distributed


def main() -> None:
    parser = argparse.ArgumentParser(description='Pretrain, or fine-tune a detector.')
    cli.add_config_arguments(parser)
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on from the last checkpoint of the work dir, or from the one named',
    )
    parser.add_argument(
        '--minutes', type=float, help='stop after the last epoch that fits, for --resume to go on'
    )
    parser.add_argument('--amp', action='store_true', help='mixed precision: bf16 where it works')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help="learning rates for the batch size, 128 to 4096: the author's best, not linear",
    )
    parser.add_argument(
        '--scale', metavar='TEXT', help='what --cfg-options reduces, in a sentence, for the record'
    )
    args = parser.parse_args()

    cfg = load_config(args.config, args.cfg_options, args.work_dir)
    check_data_folders(cfg)
    if args.minutes is not None:
        limit_time(cfg, args.minutes)
    if args.amp:
        use_mixed_precision(cfg)
    if args.scale:
        for hook in cfg.custom_hooks:
            if hook.type == 'mmbarlow.ExportHook':
                hook.scale = combined(hook.get('scale', 'full'), args.scale)
    if args.auto_scale_lr:
        start_processes(args.launcher)
        use_learning_rates(cfg, distributed.world_size())
    if args.resume:
        cfg.resume = True
        cfg.load_from = checkpoint_to_resume(args.resume, cfg.work_dir)
    weights = read_checkpoint(cfg.load_from) if cfg.get('load_from') else None
    prepare_processes(cfg, args.launcher)
    if 'pretrained' in cfg:  # a detector
        from mmbarlow.detection.data_checks import check_data  # mmdet is there for those alone

        check_data(cfg)
        split_batch(cfg)  # its batch size is that of all processes together
    runner = build_runner(cfg)
    if weights:
        check_fits(unwrap(runner.model), weights['state_dict'], cfg.load_from)
    runner.train()


def use_mixed_precision(cfg: Config) -> None:
    # A GPU that has no bf16 can emulate it, slower than fp32.
    if torch.cuda.is_available() and not torch.cuda.is_bf16_supported(including_emulation=False):
        cfg.optim_wrapper.type = 'mmengine.AmpOptimWrapper'  # fp16 with loss scaling
    else:
        cfg.optim_wrapper.type = 'mmbarlow.BF16OptimWrapper'


def limit_time(cfg: Config, minutes: float) -> None:
    if not minutes > 0:
        raise InputError(f'--minutes {minutes:g} is no time: give more than 0.')
    if not cfg.train_cfg.get('by_epoch'):
        raise InputError('--minutes stops between epochs, and this config counts iterations.')
    limit = dict(type='mmbarlow.TimeLimitHook', minutes=minutes)
    cfg.custom_hooks = [*cfg.get('custom_hooks', []), limit]


def checkpoint_to_resume(wanted: str, work_dir: str) -> str:
    path = find_latest_checkpoint(work_dir) if wanted == 'auto' else wanted
    if path is None:
        raise InputError(
            f'nothing to resume: {work_dir} has no checkpoint. Start without --resume, or give '
            'the --work-dir of the run that was interrupted.'
        )
    return path


def build_runner(cfg: Config) -> Runner:
    """The runner with all that MMEngine builds late built now, so that a fault in the config
    shows before the first file is written by the training."""
    with explained('the config'):
        runner = Runner.from_cfg(cfg)
        _ = runner.train_loop, runner.val_loop  # properties that build
        runner.optim_wrapper = runner.build_optim_wrapper(cfg.optim_wrapper)
    return runner


if __name__ == '__main__':
    cli.run(main)
