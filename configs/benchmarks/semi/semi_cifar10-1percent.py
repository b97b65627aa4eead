"""Fine-tuning of the whole network on 1 % of CIFAR-10's labels: 50 images per class.

python tools/benchmark.py CHECKPOINT --suite semi_cifar10-1percent

There is no published setting. This is that of ImageNet (section B.2 of the paper) where the data
allow it: 20 epochs of batches of 256 would be 40 steps, so there are 125 epochs of batches of 64,
1,000 steps as there (1,020), the drops after the same shares of the run, and the rates of a
batch of 256 divided by 4. Those are 0.002 for the backbone, but 0.1 for the classifier, solo-learn's
for a linear probe on CIFAR: the cross entropy of 10 classes is some 100 times as curved as that of
1,000 (p (1 - p) = 0.09 against 0.001), and with 0.5 it starts by rising to 15.
An untrained ResNet-18 with the stem of ImageNet ends at 34.9 top-1 (35.3 with 0.5; one seed each,
20 November), after 5 minutes on one CPU core.
"""

_base_ = [
    '../../_base_/models/classifier_resnet50.py',
    '../../_base_/datasets/cifar10_folders_labeled.py',
    '../../_base_/schedules/semi_20e.py',
    '../../_base_/default_runtime.py',
]

train_dataloader = dict(
    batch_size=64,
    dataset=dict(
        _delete_=True,
        type='mmbarlow.LabelSubset',
        percent=1,
        dataset={{_base_.train_dataloader.dataset}},  # noqa: F821
    ),
)
model = dict(head=dict(num_classes=10))
optim_wrapper = dict(
    optimizer=dict(lr=0.002 / 4),
    paramwise_cfg=dict(custom_keys={'head.': dict(lr_mult=50)}),
)
param_scheduler = dict(milestones=[75, 100])
train_cfg = dict(max_epochs=125, val_interval=25)
sync_bn = None  # as with ImageNet
custom_hooks = [dict(type='mmbarlow.FiniteLossHook'), dict(type='mmbarlow.SyncTrainedBuffersHook')]
