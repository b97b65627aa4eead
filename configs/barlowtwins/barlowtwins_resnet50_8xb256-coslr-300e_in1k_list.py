"""Barlow Twins on ImageNet-1k, 300 epochs, the images named by lists instead of class folders.

    tools/dist_train.sh configs/barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k_list.py 8 --amp

Needs data/imagenet/meta/{train,val}.txt, 'n01440764/n01440764_10026.JPEG 0' a line, and the images
below data/imagenet/{train,val}. Hardware, hours and expected numbers are those of
barlowtwins_resnet50_8xb256-coslr-300e_in1k.py. Not run here yet.
"""

_base_ = [
    '../_base_/models/barlowtwins_resnet50.py',
    '../_base_/datasets/imagenet_list.py',
    '../_base_/schedules/lars_8xb256.py',
    '../_base_/pretrain_runtime.py',
]
