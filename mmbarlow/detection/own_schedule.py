"""How long a detector is trained on a number of images."""

import math

from mmengine.config import Config

BATCH = 16  # that the rate of the config belongs to


def fill_in_schedule(cfg: Config, images: int) -> None:
    """Set the length, the warm-up, the steps and the rate of a detection config, in place.

    A training sees 3000 sqrt(`images`) images, and each at least 12 times. This goes through the
    schedules of the field: 24,000 iterations of 16 for the 16,551 images of VOC 2007 and 2012
    (386,000 against 384,000), and the 1x schedule for the 118,000 of COCO (12 epochs). For the
    2,975 of Cityscapes it is 164,000 against Mask R-CNN's 192,000. The rate is divided by ten after
    two thirds and after eight ninths, as in 1x, and grows with the batch size. What the config sets
    already, such as `train_cfg.max_iters`, stays.

    Args:
        cfg: with the batch size of all processes together.
        images: number of training images with objects.
    """
    batch = cfg.train_dataloader.batch_size
    loop, (warm_up, steps) = cfg.train_cfg, cfg.param_scheduler
    if loop.max_iters is None:
        loop.max_iters = math.ceil(max(3000 * math.sqrt(images), 12 * images) / batch)
    length = loop.max_iters
    loop.val_interval = loop.val_interval or max(1, math.ceil(length / 5))
    warm_up.end = warm_up.end or min(1000, length // 20) + 1  # MMEngine takes `end` - 1 steps
    steps.milestones = steps.milestones or sorted({length * 2 // 3, length * 8 // 9})
    cfg.optim_wrapper.optimizer.lr *= batch / BATCH
    for hook in cfg.custom_hooks:
        if hook.type == 'mmbarlow.PreciseBNHook':  # all images once are enough
            hook.iterations = min(hook.iterations, math.ceil(images / batch))
