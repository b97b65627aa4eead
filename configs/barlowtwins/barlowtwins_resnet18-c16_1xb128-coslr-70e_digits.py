"""What `make demo` trains: the recipe of the digits with a quarter of ResNet-18's channels.

    OMP_NUM_THREADS=1 python tools/train.py configs/barlowtwins/barlowtwins_resnet18-c16_1xb128-coslr-70e_digits.py --amp

A third of the time of half of the channels on a CPU with AVX2. Leave --amp out without bfloat16.
"""

_base_ = 'barlowtwins_resnet18_1xb128-coslr-70e_digits.py'
model = dict(channels_last=True, backbone=dict(base_channels=16, stem_channels=16))
