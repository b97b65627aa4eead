"""Which benchmarks a name on the command line stands for, and where to get their data."""

from pathlib import Path

from mmbarlow.errors import InputError
from mmbarlow.paths import BENCHMARKS

# Names of benchmarks or of data sets, in the order in which they run.
SUITES = dict(
    # tables 1 and 2 of the paper, MMSelfSup's multi-head and kNN
    in1k=[
        *('linear_imagenet', 'multihead_imagenet', 'knn_imagenet'),
        *('semi_imagenet-1percent', 'semi_imagenet-10percent'),
    ],
    # table 3 of the paper, and low-shot
    transfer=[
        *('linear_places205', 'linear_inat18', 'svm_voc07'),
        *('lowshot_voc07', 'lowshot-res4_voc07'),
    ],
    # table 4 of the paper
    detection=['faster-rcnn-c4_voc0712', 'mask-rcnn-c4_coco'],
    # MMSelfSup's, and a linear head
    segmentation=[
        *('fcn_voc12aug', 'fcn_cityscapes', 'pspnet_voc12aug', 'pspnet_cityscapes'),
        *('linear-seg_voc12aug', 'linear-seg_ade20k'),
    ],
    small=['cifar10', 'cifar100', 'stl10', 'tinyimagenet', 'digits'],
)

# Where to get a data set: text to read, nothing is downloaded by it.
DATA_SOURCES = dict(
    imagenet='image-net.org after registration: ILSVRC2012, train and val, as class folders',
    places205='places.csail.mit.edu: Places205 in 256 px; then tools/converters/places205.py',
    inat18='github.com/visipedia/inat_comp: 2018, train and val; then tools/converters/inat18.py',
    voc07='host.robots.ox.ac.uk/pascal/VOC/voc2007: VOCtrainval and VOCtest, unpacked',
    voc0712='host.robots.ox.ac.uk/pascal/VOC: VOC2007 trainval and test, VOC2012 trainval',
    coco='cocodataset.org: train2017, val2017 and annotations/, unpacked',
    voc12aug="host.robots.ox.ac.uk/pascal/VOC: VOC2012; SBD; then mmseg's converter voc_aug.py",
    cityscapes="cityscapes-dataset.com after registration; then mmseg's converter cityscapes.py",
    ade20k='groups.csail.mit.edu/vision/datasets/ADE20K: ADEChallengeData2016.zip, unpacked',
    masks='your own: images/, masks/ and classes.txt, see docs/segmentation.md',
    cifar10='cs.toronto.edu/~kriz/cifar.html: CIFAR-10, as class folders train/ and test/',
    cifar100='cs.toronto.edu/~kriz/cifar.html: CIFAR-100, downloaded where there is a network',
    stl10='ai.stanford.edu/~acoates/stl10: the binary version, downloaded where there is a network',
    imagenette='github.com/fastai/imagenette: full size, unpacked to data/imagenette2',
    tinyimagenet='cs231n.stanford.edu/tiny-imagenet-200.zip',
    digits='comes with scikit-learn',
    own='a folder of your own, with annotations in the format of COCO: docs/own_detection.md',
)


def find_benchmarks(names: list[str]) -> list[Path]:
    """The config files that the names stand for, each once, in the order of the names.

    Args:
        names: of suites, of benchmarks (the files of configs/benchmarks/) and of data sets, which
            stand for all their benchmarks.

    Raises:
        InputError: a name stands for nothing.
    """
    files = sorted(BENCHMARKS.glob('*/*.py'))
    found: dict[Path, None] = {}
    for name in names:
        for part in SUITES.get(name, [name]):
            matches = [f for f in files if part in (f.stem, dataset(f), whole_dataset(f))]
            if not matches:
                known = ', '.join([*SUITES, *(f.stem for f in files)])
                raise InputError(
                    f'there is no suite, benchmark or data set {part!r}; there are {known}.'
                )
            found.update(dict.fromkeys(matches))
    return list(found)


def dataset(path: Path) -> str:
    """The data set in a benchmark's file name: imagenet-1percent of semi_imagenet-1percent.py."""
    return path.stem.rsplit('_', 1)[-1]


def whole_dataset(path: Path) -> str:
    """`dataset` without the share of it that is used: imagenet of semi_imagenet-1percent.py."""
    return dataset(path).split('-')[0]
