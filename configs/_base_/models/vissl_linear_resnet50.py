# VISSL's linear classifier on a frozen network (`eval_mlp`): affine BN and a linear layer on res5
# averaged to 2 x 2 cells, 8192 numbers of a ResNet-50, initialized as PyTorch does.
_base_ = 'multihead_resnet50.py'

model = dict(
    neck=dict(names=['feature5']),
    head=dict(names=['feature5'], in_shapes=[(2048, 2, 2)], affine=True, init_std=None),
)
