"""ImageNet for pretraining, all of it or any part."""

from mmpretrain.datasets import ImageNet

from mmbarlow.registry import DATASETS


@DATASETS.register_module()
class UnlabeledImageNet(ImageNet):
    """mmpretrain's ImageNet, whose class folders may be any: a hundred of them, or others.

    Labels, which pretraining does not use, follow the sorted names of the folders. Images and
    their order are those of `mmpretrain.ImageNet`, which takes all 1,000 classes alone.
    """

    METAINFO: dict = {}
