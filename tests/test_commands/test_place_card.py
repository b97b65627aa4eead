"""`mmbarlow card` on images with masks or boxes; linear layers against oracles and libraries."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression

from mmbarlow.benchmarks.network import Network
from mmbarlow.checkpoints import export_backbone
from mmbarlow.errors import InputError
from mmbarlow.evaluation.place_classifier import PENALTIES, Places, fit_places, place_classifier
from mmbarlow.models.encoder import Encoder
from mmbarlow.zoo import records
from mmbarlow.zoo.markdown import plain

pytest.importorskip('mmseg')
pytest.importorskip('mmdet')

from mmseg.evaluation import IoUMetric  # noqa: E402

from mmbarlow.benchmarks.place_card.box_files import box_task  # noqa: E402
from mmbarlow.benchmarks.place_card.box_targets import box_targets, decoded, place_centers  # noqa: E402
from mmbarlow.benchmarks.place_card.grids import side_for  # noqa: E402
from mmbarlow.benchmarks.place_card.mask_files import mask_task  # noqa: E402
from mmbarlow.benchmarks.place_card.mask_task import place_precision, shares_of  # noqa: E402

SIDE = 96
NAMES = ('red', r'_|<b>$\n$')  # neither the page nor the figure takes it for its own marks
COLORS = np.array([[90, 90, 90], [220, 50, 40], [40, 60, 220]])
COUNTS = dict(train=24, val=10)


@pytest.fixture(scope='module')
def folder(tmp_path_factory) -> Path:
    """Images of one or two colored rectangles on gray, with masks and with boxes."""
    root, rng = tmp_path_factory.mktemp('places') / 'Rectangles', np.random.default_rng(0)
    for split, count in COUNTS.items():
        images, objects = [], []
        for kind in ('images', 'masks'):
            (root / 'masked' / kind / split).mkdir(parents=True)
        (root / 'boxed' / split).mkdir(parents=True)
        for i in range(count):
            mask = np.zeros((SIDE, SIDE + 32), np.uint8)
            for label in (1, 2) if i % 3 else (1 + i % 2,):
                width, height = rng.integers(28, 56, 2).tolist()
                left = int(rng.integers(0, SIDE + 32 - width))
                top = int(rng.integers(0, SIDE - height))
                mask[top : top + height, left : left + width] = label
            for label in (1, 2):
                rows, columns = (np.flatnonzero((mask == label).any(axis)) for axis in (1, 0))
                if len(rows):
                    x, y = int(columns[0]), int(rows[0])
                    box = [x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y]
                    objects.append(
                        dict(id=len(objects) + 1, image_id=i, category_id=label, bbox=box)
                    )
            pixels = (COLORS[mask] + rng.normal(0, 10, (*mask.shape, 3))).clip(0, 255)
            image = Image.fromarray(pixels.astype(np.uint8))
            image.save(root / 'boxed' / split / f'{i}.png')
            image.save(root / 'masked' / 'images' / split / f'{i}.png')
            Image.fromarray(mask).save(root / 'masked' / 'masks' / split / f'{i}.png')
            images.append(dict(id=i, file_name=f'{i}.png', width=SIDE + 32, height=SIDE))
        categories = [dict(id=i, name=name) for i, name in enumerate(NAMES, 1)]
        content = dict(images=images, annotations=objects, categories=categories)
        (root / 'boxed' / split / '_annotations.coco.json').write_text(json.dumps(content))
    (root / 'masked' / 'classes.txt').write_text('\n'.join(['nothing', *NAMES]))
    return root


@pytest.fixture
def small_card(run_command, narrow_backbone, folder, tmp_path):
    """Make a card; returns the page, and the metrics by model."""

    def make(kind: str, *options) -> tuple[str, dict[str, dict[str, float]]]:
        status, _, err = run_command(
            *('card', narrow_backbone, folder / kind, '--out', tmp_path / 'card'),
            *('--workers', 0, *options),
        )
        assert status == 0, err
        found = records.read_folder(tmp_path / 'card' / 'records')
        assert {(r.dataset, r.config.split('_')[0]) for r in found} == {(kind, found[0].task)}
        with Image.open(tmp_path / 'card' / 'card.png') as picture:
            assert len(np.unique(np.asarray(picture.convert('RGB')).reshape(-1, 3), axis=0)) > 500
        return (tmp_path / 'card' / 'card.md').read_text(), {r.model: r.metrics for r in found}

    return make


def numbers_in(page: str, title: str) -> list[float]:
    (line,) = [line for line in page.splitlines() if line.startswith(f'| {title}')]
    return [float(cell) for cell in line.split('|')[2:-1]]


def test_a_card_of_masks_draws_them(small_card, narrow_backbone):
    page, found = small_card('masked', '--supervised', narrow_backbone)
    assert '24 training and 10 test images of 3 classes, shown at 192 px, 6 x 6 places' in page
    assert found['barlowtwins'] == found['supervised']  # the same weights
    assert found['barlowtwins']['mIoU'] > 50  # 27 for nothing everywhere
    assert found['barlowtwins']['place_AP'] > 70
    titles = dict(mIoU='IoU, mean', aAcc='right pixels (', place_AP='average precision of')
    for name, title in titles.items():
        shown = numbers_in(page, title)
        assert shown == [
            round(found[m][name], 1) for m in ('untrained', 'barlowtwins', 'supervised')
        ]
    assert np.mean([numbers_in(page, plain(c))[1] for c in ('nothing', *NAMES)]) == pytest.approx(
        found['barlowtwins']['mIoU'], abs=0.1
    )


def test_a_card_of_boxes_finds_them(small_card):
    page, found = small_card('boxed')
    assert '24 training and 10 test images of 2 classes' in page
    assert set(found) == {'untrained', 'barlowtwins'}
    assert found['barlowtwins']['AP50'] > 30
    assert numbers_in(page, 'at IoU 0.5 ')[1] == round(found['barlowtwins']['AP50'], 1)


def test_places_that_say_the_truth_find_all_boxes(folder, tmp_path):
    """Features that hold what is to be said, of a fine map: the linear layers only pass it on."""
    task = box_task(str(folder / 'boxed'), 'boxed', tmp_path)

    def features(sample) -> torch.Tensor:
        labels, boxes = box_targets(sample.boxes, sample.labels, 24, 2)
        return torch.cat([torch.eye(3)[labels], boxes], 1).view(24, 24, 7)

    train = torch.stack([features(sample) for sample in task.train])
    fitted_task = task.fit(train.half(), list(range(len(train))))
    answers = [task.answer(fitted_task, features(s), i) for i, s in enumerate(task.test)]
    found = task.metrics([task.score(answer, i) for i, answer in enumerate(answers)])
    assert found['AP50'] > 99
    assert found['AP75'] > 95


def test_places_that_say_the_truth_draw_all_masks_and_mmseg_counts_them_alike(folder):
    task = mask_task(str(folder / 'masked'), 'masked')

    def features(pair) -> torch.Tensor:
        shares, _ = shares_of(np.array(Image.open(pair[1])), 32, 3)
        return shares.view(32, 32, 3)

    train = torch.stack([features(pair) for pair in task.train])
    model = task.fit(train.half(), list(range(len(train))))
    answers = [task.answer(model, features(pair), i) for i, pair in enumerate(task.test)]
    found = task.metrics([task.score(answer, i) for i, answer in enumerate(answers)])
    assert found['mIoU'] > 90
    metric = IoUMetric(iou_metrics=['mIoU'])
    metric.dataset_meta = dict(classes=task.classes)
    results = []
    for answer, (_, mask) in zip(answers, task.test, strict=True):
        truth = torch.from_numpy(np.array(Image.open(mask)))
        results.append(metric.intersect_and_union(answer.mask, truth, 3, 255))
    theirs = metric.compute_metrics(results)
    assert {name: round(found[name], 2) for name in theirs} == pytest.approx(theirs, abs=0.011)


@pytest.mark.parametrize(('shape', 'grid'), [((13, 29), 4), ((40, 40), 8), ((3, 5), 7)])
def test_shares_are_counts_of_pixels(shape, grid):
    mask = np.random.default_rng(1).choice([0, 1, 2, 255], shape, p=[0.4, 0.3, 0.2, 0.1])
    mask = mask.astype(np.uint8)
    expected = np.zeros((grid, grid, 256))
    for (row, column), number in np.ndenumerate(mask):
        middle = [(row + 0.5) / shape[0], (column + 0.5) / shape[1]]
        i, j = (int(m * grid) for m in middle)
        expected[i, j, number] += 1
    shares, weights = shares_of(mask, grid, 3)
    known = expected[..., :3].sum(-1)
    there = known > 0
    found = shares.view(grid, grid, 3)[torch.from_numpy(there)]
    assert np.allclose(found, expected[there][:, :3] / known[there][:, None])
    share = known / expected.sum(-1).clip(min=1)
    assert np.allclose(weights.view(grid, grid), share)


def test_the_linear_layer_is_the_one_of_scikit_learn():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 600)
    x = rng.normal(0, 1, (600, 5)) + np.eye(3)[labels] @ rng.normal(0, 2, (3, 5))
    x = x * [1, 10, 0.1, 1, 1] + [0, 50, 0, 3, 0]
    images = torch.arange(20).repeat_interleave(30)
    shares = torch.eye(3)[torch.from_numpy(labels)]
    places = Places(torch.from_numpy(x).float(), shares, torch.ones(600), images)
    found = fit_places(places, 0.01)
    scaled = (x - x.mean(0)) / x.std(0, ddof=1)
    own = LogisticRegression(C=1 / (0.01 * 600), tol=1e-8, max_iter=10_000).fit(scaled, labels)
    ours = found(places.features).softmax(1).numpy()
    assert np.abs(ours - own.predict_proba(scaled)).max() < 2e-3
    assert place_classifier(places).penalty in PENALTIES

    # two halves of a place are two places of half the weight
    halves = shares.roll(1, 0)
    mixed = places._replace(shares=0.5 * shares + 0.5 * halves)
    twice = Places(
        places.features.repeat(2, 1),
        torch.cat([shares, halves]),
        torch.full((1200,), 0.5),
        images.repeat(2),
    )
    for a, b in zip(fit_places(mixed, 0.01)[:2], fit_places(twice, 0.01)[:2], strict=True):
        assert torch.allclose(a, b, atol=2e-3)


def test_the_precision_of_places_is_that_of_their_pixels():
    rng = np.random.default_rng(2)
    says = torch.from_numpy(rng.random((40, 2))).float()
    pixels = torch.from_numpy(rng.integers(0, 2, (40, 10)))
    shares = torch.stack([(pixels == c).float().mean(1) for c in (0, 1)], 1)
    found = place_precision(says, shares, torch.ones(40))
    expected = []
    for c in (0, 1):
        marks = (pixels == c).flatten().numpy()
        order = np.argsort(-says[:, c].numpy())
        right = np.cumsum((pixels == c).sum(1).numpy()[order])
        count = 10 * np.arange(1, 41)
        gains = np.diff(np.concatenate([[0], right])) / marks.sum()
        expected.append((gains * right / count).sum())
    assert found == pytest.approx(np.mean(expected), abs=1e-6)


def test_every_box_has_a_place_and_comes_back_from_it():
    boxes = torch.tensor([[0.0, 0.0, 0.9, 0.8], [0.41, 0.4, 0.46, 0.44], [0.9, 0.9, 1.0, 1.0]])
    labels = torch.tensor([4, 2, 0])
    found, numbers = box_targets(boxes, labels, 5, 7)
    back = decoded(numbers, place_centers(5), 5)
    for box, label in zip(boxes, labels, strict=True):
        own = found == label
        assert own.any()
        assert torch.allclose(back[own], box.expand(int(own.sum()), 4), atol=1e-6)
    assert found.view(5, 5)[2, 2] == 2  # the smaller of two
    assert found.view(5, 5)[0, 4] == 7  # background


BAD = {
    'leave the other parts out': ('masked', ['--parts', 'knn', 'segmentation']),
    'no folder': ('nowhere', ['--parts', 'segmentation']),
    'has no folders images/ and masks/': ('boxed', ['--parts', 'segmentation']),
    'has no JSON file': ('masked', ['--parts', 'detection']),
    '--size must be 1 or more': ('masked', ['--size', '0']),
    'there is no checkpoint': ('boxed', ['--supervised', 'nowhere.pth']),
}


@pytest.mark.parametrize('says', BAD)
def test_bad_input_ends_in_one_line(says, run_command, narrow_backbone, folder, tmp_path):
    kind, options = BAD[says]
    status, _, err = run_command(
        *('card', narrow_backbone, folder / kind, '--out', tmp_path / 'card', *options)
    )
    assert status == 2
    assert says in err
    assert len(re.findall('^error:', err, re.M)) == 1
    assert not (tmp_path / 'card' / 'card.md').exists()


def test_a_transformer_is_shown_its_own_size_and_gives_its_patches(run_command, folder, tmp_path):
    backbone = dict(
        type='mmpretrain.VisionTransformer',
        arch=dict(embed_dims=48, num_layers=2, num_heads=3, feedforward_channels=96),
        img_size=96,
        patch_size=8,
    )
    torch.manual_seed(0)
    pixels = dict(type='mmpretrain.SelfSupDataPreprocessor', mean=[120.0] * 3, std=[60.0] * 3)
    described = dict(backbone=backbone, data_preprocessor=pixels)
    path = tmp_path / 'vit_backbone.pth'
    export_backbone(Encoder(**described).backbone, dict(encoder=json.dumps(described)), path)
    status, _, err = run_command(
        *('card', path, folder / 'masked', '--workers', 0, '--out', tmp_path / 'card')
    )
    assert status == 0, err
    page = (tmp_path / 'card' / 'card.md').read_text()
    assert 'shown at 96 px, 12 x 12 places' in page
    assert numbers_in(page, 'IoU, mean')[1] > 50


def test_a_size_that_a_network_does_not_take_is_a_sentence():
    pytest.importorskip('timm')
    name = 'vit_tiny_patch16_224'
    backbone = dict(type='mmpretrain.TIMMBackbone', model_name=name, features_only=False)
    network = Network({}, Path(), dict(backbone=backbone))
    assert side_for(network, []) == 224
    with pytest.raises(InputError, match='does not take images of 320 px .*give one that it takes'):
        side_for(network, [], 320)
