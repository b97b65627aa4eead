"""Fine-tuning of the whole network on 10 % of CIFAR-10's labels: 500 images per class.

python tools/benchmark.py CHECKPOINT --suite semi_cifar10-10percent

Settings of semi_cifar10-1percent.py; 125 epochs are 9,875 steps here, with 10 % of ImageNet 10,020.
"""

_base_ = 'semi_cifar10-1percent.py'
train_dataloader = dict(dataset=dict(percent=10))
