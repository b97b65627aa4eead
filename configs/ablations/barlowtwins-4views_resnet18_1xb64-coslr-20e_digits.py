"""Four views of half a batch: as many steps, and as many views in each, as two views of a batch.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-4views_resnet18_1xb64-coslr-20e_digits.py

Its peer of two views is barlowtwins_resnet18_1xb128-coslr-40e_digits.py, with its learning rate. Numbers:
docs/ablations.md.
"""

_base_ = 'barlowtwins-4views_resnet18_1xb128-coslr-20e_digits.py'
train_dataloader = dict(batch_size=64)
default_hooks = dict(export=dict(scale='20 epochs of four views of half a batch'))
