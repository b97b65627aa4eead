"""The learning rate that fits a batch size: the best ones that the paper's author found.

Linear scaling is wrong for this method: with the batch 32 times as large, the best rate of the
weights is 9 times as high, not 32 times.
"""

import math

import numpy as np
from mmengine.config import Config

from mmbarlow.config import type_name
from mmbarlow.errors import InputError
from mmbarlow.zoo import references

# Biases and BN: the weights' rate x 0.024, for the official gradient, which is 1 / (number of GPUs)
# of ours (docs/loss.md). The number of GPUs behind the author's rates is not published: 8 is
# MMSelfSup's number, and that of configs/_base_/schedules/lars_8xb256.py.
BIAS, GPUS = 0.024, 8


def learning_rates(batch_size: int) -> tuple[float, float]:
    """The rates of weights and of biases and BN, for LARS and the exact gradient.

    Those of the author's grid search, 300 epochs on ImageNet (issue 7 of
    facebookresearch/barlowtwins, figure 2 of the paper); between two of his batch sizes, the
    factor before batch / 256 is interpolated in log2 of the batch size.

    Args:
        batch_size: N of the global batch, 128 to 4096.

    Raises:
        InputError: the batch is smaller or larger than any there is a rate for.
    """
    best = ((r['batch'], float(r['base_lr'])) for r in references.results() if 'base_lr' in r)
    sizes, factors = zip(*sorted(best), strict=True)
    if not sizes[0] <= batch_size <= sizes[-1]:
        raise InputError(
            f'no data for batch {batch_size}: the best learning rates are known for batches of '
            f"{sizes[0]} to {sizes[-1]}. The author's guess for 64 is 1.0 x 64 / 256, or SGD, both "
            'untried. Set optim_wrapper.optimizer.lr and optim_wrapper.paramwise_cfg.bias_lr '
            'yourself, without --auto-scale-lr.'
        )
    weights = float(np.interp(math.log2(batch_size), np.log2(sizes), factors)) * batch_size / 256
    return weights, weights * BIAS / GPUS


def use_learning_rates(cfg: Config, processes: int) -> None:
    """Put the rates for `processes` times the loader's batch into the config.

    Raises:
        InputError: there is no rate for the batch, or the config is not Barlow Twins with LARS.
    """
    optimizer, model = cfg.optim_wrapper.optimizer, type_name(cfg.model.type)
    if type_name(optimizer.type) != 'mmbarlow.LARS' or not model.endswith('BarlowTwins'):
        raise InputError(
            'the learning rates of --auto-scale-lr are those of Barlow Twins with mmbarlow.LARS; '
            f'for {model} with {type_name(optimizer.type)} set optim_wrapper.optimizer.lr yourself.'
        )
    weights, biases = learning_rates(cfg.train_dataloader.batch_size * processes)
    if cfg.model.get('head', {}).get('grad') == 'official':
        biases *= processes
    optimizer.lr = weights
    cfg.optim_wrapper.constructor = 'mmbarlow.NdimParamGroups'
    cfg.optim_wrapper.paramwise_cfg = dict(bias_lr=biases)
