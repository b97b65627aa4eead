"""A batch of 256, the learning rate in proportion to its square root, on digits. Measured: docs/ablations_results.md.

OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins_resnet18_1xb256-coslr-20e_digits.py
"""

_base_ = 'barlowtwins_resnet18_1xb128-coslr-20e_digits.py'
train_dataloader = dict(batch_size=256)
optim_wrapper = dict(optimizer=dict(lr=0.0014))
