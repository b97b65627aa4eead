"""Pretrain, or fine-tune a detector or segmentor.

    python tools/train.py configs/barlowtwins/NAME.py             # one GPU, or the CPU
    tools/dist_train.sh configs/barlowtwins/NAME.py 8              # 8 GPUs, or 8 CPU processes
    python tools/train.py configs/barlowtwins/NAME.py --resume     # continue after an interruption
    python tools/train.py configs/barlowtwins/NAME.py --force      # anew in a folder that has a run
    python tools/train.py configs/barlowtwins/NAME.py --minutes 8  # what fits, then --resume
    tools/dist_train.sh configs/barlowtwins/NAME.py 4 --auto-scale-lr    # another batch size
    tools/dist_train.sh configs/barlowtwins/NAME.py 8 --max-restarts 3   # goes on after a crash
    python tools/train.py configs/barlowtwins/NAME.py --track tensorboard wandb    # and pictures
    tools/dist_train.sh configs/benchmarks/voc_detection/NAME.py 8 --cfg-options pretrained=FILE

Results go to work_dirs/NAME/: resolved config, log, checkpoints, NAME_backbone.pth, records/.
"""

import argparse

from mmbarlow import cli
from mmbarlow.config import check_data_folders, load_config
from mmbarlow.engine import pretraining
from mmbarlow.engine.batch_size_lr import use_learning_rates
from mmbarlow.engine.restarts import own_checkpoint
from mmbarlow.evaluation.training import split_batch
from mmbarlow.launch import prepare_processes, start_processes
from mmbarlow.loss import distributed


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Pretrain, or fine-tune a detector or segmentor.')
    cli.add_config_arguments(parser)
    add = parser.add_argument
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='continue from the last checkpoint of the work dir, or from the one given',
    )
    start.add_argument(
        '--force',
        action='store_true',
        help='start anew in a work dir that holds a run; what that one has left is removed when '
        'this one is complete, and stays if it fails',
    )
    add('--minutes', type=float, help='stop after the last epoch that fits; --resume continues')
    add('--amp', action='store_true', help='mixed precision: bf16 where it works')
    add(
        '--auto-scale-lr',
        action='store_true',
        help="learning rates for the batch size, 128 to 4096: the author's best, not linear",
    )
    add(
        '--requeue',
        action='store_true',
        help='under Slurm: at its warning, USR1, write a checkpoint and have the job queued again',
    )
    add(
        '--track',
        nargs='+',
        metavar='TRACKER',
        help='send numbers and pictures to tensorboard, wandb, mlflow, clearml; local: PNG files',
    )
    add('--scale', metavar='TEXT', help='what --cfg-options reduces, in a sentence, for the record')
    return parser.parse_args()


def main() -> None:
    args = parse()
    cfg = load_config(args.config, args.cfg_options, args.work_dir)
    if args.minutes is not None:
        pretraining.limit_time(cfg, args.minutes)
    if args.amp:
        pretraining.use_mixed_precision(cfg)
    if args.scale:
        pretraining.add_scale(cfg, args.scale)
    cfg.track = args.track or cfg.get('track')
    if args.auto_scale_lr:
        start_processes(args.launcher)
        use_learning_rates(cfg, distributed.world_size())
    if resumed := own_checkpoint(cfg.work_dir) or args.resume:
        pretraining.resume_from(cfg, resumed)
    check_data_folders(cfg)  # before processes wait for each other
    prepare_processes(cfg, args.launcher)
    if 'pretrained' in cfg:
        if 'decode_head' in cfg.model:  # only segmentors need mmseg
            from mmbarlow.segmentation.preparation import prepare_masks as prepare
        else:  # and only detectors mmdet
            from mmbarlow.detection.preparing import prepare_detector as prepare

        prepare(cfg)
        split_batch(cfg)  # the config has the batch size of all processes together
    pretraining.pretrain(cfg, force=args.force, requeue=args.requeue)


if __name__ == '__main__':
    cli.run(main)
