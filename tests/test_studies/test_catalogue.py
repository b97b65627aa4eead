"""Each point of a study is the recipe with one thing changed, to what the point says."""

from functools import cache

import pytest

from mmbarlow.benchmarks import suites
from mmbarlow.config import load_config
from mmbarlow.datasets.view import View
from mmbarlow.errors import InputError
from mmbarlow.paths import CONFIGS
from mmbarlow.studies.catalogue import STUDIES, config_path, find_studies
from mmbarlow.studies.choosing.trainings import trainings
from mmbarlow.studies.results import MEASURES
from mmbarlow.zoo import references
from mmbarlow.zoo.runs import LABELS

# What the points of a study may change of the recipe.
STUDIED = dict(
    loss=('model.head.', 'model.neck.norm'),
    augmentations=('train_dataloader.dataset.pipeline.0.view_', 'model.data_preprocessor.view_'),
    batch=(
        'train_dataloader.batch_size',
        'optim_wrapper.optimizer.lr',
        'optim_wrapper.paramwise_cfg.bias_lr',
    ),
    width=('model.neck.hid_channels', 'model.neck.out_channels', 'model.head.in_channels'),
    depth=('model.neck.num_layers',),
    lambd=('model.head.lambd',),
    views=(
        'model.data_preprocessor.',
        'model.head.pairs',
        'model.head.global_views',
        'train_dataloader.batch_size',
        'param_scheduler.warmup',
        'train_cfg.',
        'default_hooks.export.scale',
    ),
    family=('model.head.', 'model.neck.out_channels'),
)
RECIPES = dict(
    loss='recipe',
    augmentations='recipe',
    batch=dict(digits=128, cifar10=128, imagenet=2048),
    width=dict(digits=512, cifar10=512, imagenet=8192),
    depth=3,
    lambd=0.0051,
    views='2 views',
    family='Barlow Twins',
)
SETS = [(name, data) for name in STUDIED for data in STUDIES[name].points]


def flat(node, prefix: str = '') -> dict:
    items = node.items() if isinstance(node, dict) else enumerate(node)
    found = {}
    for key, value in items:
        nested = isinstance(value, dict) or (isinstance(value, list) and value[:1] != [0])
        found.update(flat(value, f'{prefix}{key}.') if nested else {f'{prefix}{key}': value})
    return found


@cache
def resolved(config: str) -> dict:
    cfg = flat(load_config(config_path(config)).to_dict())
    del cfg['work_dir']
    return cfg


@pytest.mark.parametrize(('name', 'data'), SETS)
def test_a_point_differs_from_the_recipe_only_in_what_is_studied(name, data):
    points = STUDIES[name].points[data]
    key = RECIPES[name][data] if isinstance(RECIPES[name], dict) else RECIPES[name]
    recipe, missing = resolved(points[key]), object()
    for point, config in points.items():
        own = resolved(config)
        changed = [k for k in {**own, **recipe} if own.get(k, missing) != recipe.get(k, missing)]
        assert all(k.startswith(STUDIED[name]) for k in changed), (config, changed)
        assert bool(changed) == (point != key), config


@pytest.mark.parametrize(('name', 'data'), SETS)
def test_a_number_is_what_the_config_has(name, data):
    gpus = dict(imagenet=8).get(data, 1)
    for x, config in STUDIES[name].points[data].items():
        cfg = resolved(config)
        if name == 'batch':
            assert cfg['train_dataloader.batch_size'] * gpus == x
            assert f'_{gpus}xb{x // gpus}-' in config
        elif name == 'width':
            assert {cfg[key] for key in STUDIED['width']} == {x}
        elif name == 'depth':
            assert cfg.get('model.neck.num_layers', 3) == x
        elif name == 'lambd':
            assert cfg['model.head.lambd'] == x


VIEWS = {
    'no grayscale': dict(gray=0.0),
    'no jitter either': dict(gray=0.0, jitter=0.0),
    'crop + blur': dict(gray=0.0, jitter=0.0, solarize=0.0, flip=0.0),
    'crop + flip': dict(gray=0.0, jitter=0.0, solarize=0.0, blur=0.0),
    'crop': dict(gray=0.0, jitter=0.0, solarize=0.0, blur=0.0, flip=0.0),
}


@pytest.mark.parametrize('data', ['cifar10', 'imagenet'])
def test_views_lack_what_their_name_says_and_nothing_else(data):
    points = STUDIES['augmentations'].points[data]
    for view in ('view_a', 'view_b'):
        full = options(points['recipe'], view)
        for words in list(points)[1:]:
            assert View(**options(points[words], view)) == View(**{**full, **VIEWS[words]})


@pytest.mark.parametrize('data', ['digits', 'cifar10'])
def test_as_many_views_in_fewer_epochs_and_multi_crop_of_two_whole_ones(data):
    points = STUDIES['views'].points[data]
    shown, views_of = {}, {}
    for name, config in points.items():
        cfg = load_config(config_path(config))
        made = cfg.model.data_preprocessor
        views_of[name] = made.get('global_views') or [made.view_a, made.view_b]
        shown[name] = len(views_of[name]) * cfg.train_cfg.max_epochs
        assert f'-{cfg.train_cfg.max_epochs}e_' in config
    halved = '4 views, half a batch'
    assert shown['2 views'] == shown['4 views'] == shown['8 views'] == shown[halved]
    batches = [
        load_config(config_path(points[name])).train_dataloader.batch_size for name in points
    ]
    assert dict(zip(points, batches, strict=True)) == dict.fromkeys(points, 128) | {halved: 64}
    two = views_of['2 views']
    assert views_of[halved] == views_of['4 views']
    assert views_of['multi-crop'] == two
    assert [views_of[f'{k} views'] for k in (4, 8)] == [two * 2, two * 4]


def options(config: str, view: str) -> dict:
    """Of one of the views, wherever they are made: by the workers or on the device."""
    cfg = load_config(config_path(config))
    on_device = view in cfg.model.data_preprocessor
    made = cfg.model.data_preprocessor if on_device else cfg.train_dataloader.dataset.pipeline[0]
    return dict(made[view])


def test_every_ablation_that_is_shipped_is_in_a_study_or_a_parent():
    shown = {c for s in STUDIES.values() for p in s.points.values() for c in p.values()}
    shown |= {training.config for training in trainings()}
    ablations = [*(CONFIGS / 'ablations').glob('*.py')]
    texts = [path.read_text() for path in ablations]
    parents = {p.stem for p in ablations if any(f"_base_ = '{p.name}'" in text for text in texts)}
    assert {path.stem for path in ablations} <= shown | parents
    assert all(config_path(config).is_file() for config in shown)


def test_baselines_are_found_by_their_recipe_barlow_twins_first():
    points = STUDIES['baselines'].points
    assert list(points['digits'])[0] == list(points['cifar10'])[0] == 'Barlow Twins'
    others = {'simclr', 'mocov2', 'byol', 'simsiam', 'swav', 'supervised'}
    methods = {LABELS[name] for name in others | {'mixed-barlowtwins', 'amcl-barlowtwins'}}
    assert methods < points['digits'].keys() == points['cifar10'].keys()


def test_every_column_is_a_benchmark_of_its_data_set():
    for data, measures in MEASURES.items():
        for measure in measures:
            (path,) = suites.find_benchmarks([measure.benchmark])
            assert suites.dataset(path) == data


def test_names_of_studies_and_of_benchmarks_are_not_mixed():
    assert find_studies(['depth', 'ablations'])[:2] == ['depth', 'loss']
    assert find_studies(['digits', 'knn_cifar10']) == []
    assert not {'baselines', 'views'} & {*find_studies(['ablations'])}
    with pytest.raises(InputError, match='digits is no study: give studies .* or benchmarks'):
        find_studies(['ablations', 'digits'])


def test_a_point_without_a_config_is_named():
    with pytest.raises(InputError, match=r'there is no config nothing\.py in .*configs'):
        config_path('nothing')


def test_published_numbers_are_those_of_the_papers_tables():
    losses = {
        r['method']: float(r['metrics']['top1']) for r in references.results() if 'point' in r
    }
    published = STUDIES['loss'].published
    assert published.keys() == STUDIES['loss'].points['imagenet'].keys()
    assert sorted(published.values()) == sorted(losses.values())
    assert published['no BN'] == losses['No BN in the projector'] == 71.2
    assert list(STUDIES['batch'].published) == list(STUDIES['batch'].points['imagenet'])
    for name in ('augmentations', 'width', 'depth', 'lambd'):
        key = RECIPES[name]['imagenet'] if isinstance(RECIPES[name], dict) else RECIPES[name]
        assert STUDIES[name].published == {key: 71.4}
