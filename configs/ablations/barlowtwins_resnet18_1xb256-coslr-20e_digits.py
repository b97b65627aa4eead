"""Ablation: a batch of 256, with a learning rate in proportion to its square root, on digits.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins_resnet18_1xb256-coslr-20e_digits.py

Three minutes on one core of a busy machine. Results: docs/ablations_results.md.
"""

_base_ = 'barlowtwins_resnet18_1xb128-coslr-20e_digits.py'

train_dataloader = dict(batch_size=256)
optim_wrapper = dict(optimizer=dict(lr=0.0014))
