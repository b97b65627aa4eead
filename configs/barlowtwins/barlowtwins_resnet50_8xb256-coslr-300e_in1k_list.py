"""Barlow Twins on ImageNet-1k, 300 epochs, the images named by lists instead of class folders.

    tools/dist_train.sh configs/barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k_list.py 8 --amp

Needs data/imagenet/meta/{train,val}.txt, 'n01440764/n01440764_10026.JPEG 0' on a line, and the images
below data/imagenet/{train,val}. All else is as in the parent. Not run here yet.
"""

_base_ = 'barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
train_dataloader = dict(dataset=dict(ann_file='meta/train.txt'))
test_dataloader = dict(dataset=dict(ann_file='meta/val.txt'))
test_cfg = dict(bank_dataloader=train_dataloader)
