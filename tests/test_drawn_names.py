"""Names that matplotlib would take for its own marks are drawn as a user wrote them."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from mmbarlow.benchmarks.card.data import CardData
from mmbarlow.benchmarks.card.figure import draw_card
from mmbarlow.benchmarks.card.results import Card
from mmbarlow.evaluation.figures import drawn_pixels, map_figure
from mmbarlow.visualization import draw_confusion, draw_curves

NAMES = [r'$\n$', '_other', 'a$', '葉']  # no formula; not in a legend; one dollar; not in the font


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        yield


def test_a_confusion_matrix_of_any_names(tmp_path):
    draw_confusion(torch.eye(4), NAMES, tmp_path / 'confusion.png')
    with Image.open(tmp_path / 'confusion.png') as picture:
        assert picture.format == 'PNG'


def test_a_map_has_every_name_in_its_legend():
    x, labels = torch.randn(12, 3, generator=torch.Generator().manual_seed(0)), torch.arange(4)
    figure = map_figure(x, labels.repeat(3), NAMES, 'images', 'pca')
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert [text.get_text().strip() for text in legend.get_texts()] == NAMES
    assert drawn_pixels(figure).std() > 0


def test_curves_of_runs_with_such_names(tmp_path):
    curve = [dict(epoch=e, loss=9.0 - e) for e in range(3)]
    figure = draw_curves({name: [curve] for name in NAMES}, 'loss', tmp_path / 'curves.png')
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert [text.get_text().strip() for text in legend.get_texts()] == NAMES


def test_a_card_of_a_folder_with_such_a_name(tmp_path):
    labels, data = torch.arange(4), CardData(NAMES[0], {}, {})
    card = Card({}, tmp_path, data, labels, len(labels), [])
    card.metrics = {name: dict(knn=dict(top1=50.0)) for name in NAMES[:3]}
    draw_card(card, tmp_path / 'card.png')
    with Image.open(tmp_path / 'card.png') as picture:
        assert picture.format == 'PNG'


def test_pictures_of_a_detector_with_such_classes(tmp_path):
    pytest.importorskip('mmdet')
    from mmdet.structures import DetDataSample
    from mmengine.structures import InstanceData

    from mmbarlow.detection.pictures_hook import DetectionPicturesHook

    Image.new('RGB', (64, 48)).save(tmp_path / 'image.png')
    boxes, labels = torch.tensor([[4.0, 4, 40, 40]] * 4), torch.arange(4)
    sample = DetDataSample(
        metainfo=dict(img_path=str(tmp_path / 'image.png')),
        gt_instances=InstanceData(bboxes=boxes, labels=labels),
        pred_instances=InstanceData(bboxes=boxes, labels=labels, scores=torch.ones(4)),
    )
    hook = DetectionPicturesHook()
    dataset = SimpleNamespace(metainfo=dict(classes=tuple(NAMES)))
    loader = SimpleNamespace(dataset=dataset)
    hook.before_val_epoch(SimpleNamespace(val_dataloader=loader))
    with warnings.catch_warnings():
        warnings.simplefilter('default')  # mmdet has some of its own
        hook.after_val_iter(SimpleNamespace(work_dir=str(tmp_path)), 0, outputs=[sample])
    with Image.open(tmp_path / 'pictures' / 'image.jpg') as picture:
        assert np.asarray(picture).max() > 100
