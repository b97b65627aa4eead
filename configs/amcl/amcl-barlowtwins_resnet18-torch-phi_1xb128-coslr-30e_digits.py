"""The AMCL recipe of the digits, with phi initialized as in the release: PyTorch's default.

OMP_NUM_THREADS=1 python tools/train.py configs/amcl/amcl-barlowtwins_resnet18-torch-phi_1xb128-coslr-30e_digits.py

Measured over 3 seeds (2026-11-27): kNN with 5 labels per class 31.9 +- 2.8 %, k=10 69.0, linear 84.8;
the parent has 88.3 +- 1.0, 95.9 and 97.2.
"""

_base_ = 'amcl-barlowtwins_resnet18_1xb128-coslr-30e_digits.py'
model = dict(head=dict(temperature=dict(init_cfg=[])))
# The parent's hook would stop a run whose temperatures are at the lower bound; this one is to be seen.
custom_hooks = [dict(type='mmbarlow.TemperatureHook', interval=11, max_share=1.0)]
