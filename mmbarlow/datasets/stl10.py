"""STL-10 as an MMEngine data set."""

import torchvision
from mmengine import dist
from mmengine.dataset import BaseDataset

from mmbarlow.registry import DATASETS


@DATASETS.register_module()
class STL10(BaseDataset):
    """STL-10 (Coates, Ng and Lee, 2011): 96 px, 10 classes, in its own binary format.

    Args:
        data_root: folder that contains `stl10_binary/`, or receives it with `download`.
        split: 'train' (5,000 images), 'test' (8,000), 'unlabeled' (100,000) or 'train+unlabeled';
            images without a class have the label -1.
        download: download missing data.
        **kwargs: `pipeline` and the rest of MMEngine's BaseDataset.
    """

    def __init__(self, data_root: str, split: str, download: bool = False, **kwargs) -> None:
        self.split = split
        self.download = download
        super().__init__(data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict]:
        if dist.is_main_process() and self.download:
            torchvision.datasets.STL10(str(self.data_root), self.split, download=True)
        dist.barrier()
        source = torchvision.datasets.STL10(str(self.data_root), self.split)
        assert source.labels is not None
        # 3 GB with the unlabeled images: one array, which forked workers share without copies
        self.images = source.data.transpose(0, 2, 3, 1)  # (N, 96, 96, 3), RGB
        return [dict(row=row, gt_label=int(label)) for row, label in enumerate(source.labels)]

    def get_data_info(self, idx: int) -> dict:
        info = super().get_data_info(idx)
        info['img'] = self.images[info.pop('row')]
        return info
