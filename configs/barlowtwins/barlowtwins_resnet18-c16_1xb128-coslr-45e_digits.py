"""What `make demo` trains: the recipe of the digits with a quarter of ResNet-18's channels, 45 epochs.

    OMP_NUM_THREADS=1 python tools/train.py configs/barlowtwins/barlowtwins_resnet18-c16_1xb128-coslr-45e_digits.py --amp

Two minutes of one core with AVX2, where a step takes a third of the time of half of the channels. Leave
--amp out on a CPU without bfloat16. Measured: the table of the README.
"""

_base_ = 'barlowtwins_resnet18_1xb128-coslr-70e_digits.py'
model = dict(channels_last=True, backbone=dict(base_channels=16, stem_channels=16))
param_scheduler = dict(warmup=5)
train_cfg = dict(max_epochs=45, val_interval=9)
