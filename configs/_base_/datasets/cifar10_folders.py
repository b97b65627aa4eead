# CIFAR-10 as class folders (train/airplane/*.jpg, test/airplane/*.jpg): cifar10.py, but for the
# source of the images.
_base_ = 'cifar10.py'


def folders(split, pipeline):
    return dict(
        dataset=dict(
            _delete_=True,
            type='mmpretrain.CustomDataset',
            data_root='data/cifar10',
            data_prefix=split,
            pipeline=pipeline,
        )
    )


train_dataloader = folders('train', {{_base_.train_dataloader.dataset.pipeline}})  # noqa: F821
val_dataloader = folders('test', {{_base_.val_dataloader.dataset.pipeline}})  # noqa: F821
bank_dataloader = folders('train', {{_base_.val_dataloader.dataset.pipeline}})  # noqa: F821
val_cfg = dict(bank_dataloader=bank_dataloader)
test_dataloader = val_dataloader
test_cfg = dict(bank_dataloader=bank_dataloader)
del bank_dataloader
