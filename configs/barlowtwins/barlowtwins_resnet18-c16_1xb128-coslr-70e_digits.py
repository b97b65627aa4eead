"""What `make demo` trains: the recipe of the digits with a quarter of ResNet-18's channels.

    OMP_NUM_THREADS=2 python tools/train.py configs/barlowtwins/barlowtwins_resnet18-c16_1xb128-coslr-70e_digits.py

Two minutes on two cores with AVX2 (127 s, 2026-11-28), where a step takes a third of the time of half
of the channels. Add --amp on a CPU with bfloat16. Measured: the table of the README.
"""

_base_ = 'barlowtwins_resnet18_1xb128-coslr-70e_digits.py'
model = dict(channels_last=True, backbone=dict(base_channels=16, stem_channels=16))
resident = True  # no loader, so that all cores train
