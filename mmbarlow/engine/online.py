"""Labeled images during training, by two keys at the top of any config.

    --cfg-options labeled=flowers           kNN and a linear probe on a folder or table of one's own
    --cfg-options online=linear             a linear probe beside, on the labels of the recipe

`labeled` is what `mmbarlow.datasets.labeled_images.read_labeled` takes; `online` is knn, linear, or
a list of both, and both by default where `labeled` is given.
"""

import os
from typing import Any

from mmengine.config import Config, ConfigDict

from mmbarlow.config import nodes
from mmbarlow.errors import InputError

PROTOCOLS = ('knn', 'linear')
BANK, QUERIES = 2000, 1000  # labeled images that are looked at, at most
TIMES = 10  # that they are looked at in a training, where the config does not say


def use_online_evaluation(cfg: Config) -> None:
    """Replace `labeled` and `online` of a config by what they stand for.

    Raises:
        InputError: `online` has another word, or wants kNN where there are no labeled images.
    """
    labeled, online = cfg.pop('labeled', None), cfg.pop('online', None)
    if online is None:
        online = PROTOCOLS if labeled else ()
    words = [online] if isinstance(online, str) else list(online)
    if unknown := [word for word in words if word not in PROTOCOLS]:
        raise InputError(f'online={unknown[0]} is none of {", ".join(PROTOCOLS)}, or both.')
    if labeled:
        cfg.merge_from_dict(_of_folder(cfg, os.path.abspath(os.path.expanduser(labeled))))
    elif 'knn' in words and not cfg.get('val_dataloader'):
        raise InputError('online=knn needs labeled images: give --cfg-options labeled=FOLDER.')
    if 'knn' in words and not any(_names(n, 'KNN') for n in nodes(dict(v=cfg.val_evaluator))):
        own = cfg.val_evaluator if isinstance(cfg.val_evaluator, list) else [cfg.val_evaluator]
        cfg.val_evaluator = [*own, dict(type='mmbarlow.KNN', k=[10])]
    hooks = cfg.get('custom_hooks') or []
    if 'linear' in words and not any(_names(hook, 'OnlineLinearHook') for hook in hooks):
        cfg.custom_hooks = [*hooks, dict(type='mmbarlow.OnlineLinearHook')]


def labeled_validation(
    labeled: str, size: int, images: dict[str, Any], workers: dict[str, Any]
) -> dict[str, Any]:
    """`val_dataloader` and `val_cfg` for labeled images.

    Args:
        labeled: what `read_labeled` takes.
        size: of the view of each image, in pixels.
        images: `channels` and `range`, as `mmbarlow.CenterView` takes them.
        workers: options of the two data loaders.
    """
    view = dict(type='mmbarlow.CenterView', size=size, resize=round(size * 8 / 7), **images)

    def loader(part: str, most: int) -> dict[str, Any]:
        return dict(
            batch_size=64,
            **workers,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='default_collate'),
            dataset=dict(
                type='mmbarlow.LabeledSplit',
                data_root=labeled,
                part=part,
                most=most,
                pipeline=[view, dict(type='mmpretrain.PackInputs')],
            ),
        )

    return dict(
        val_dataloader=loader('test', QUERIES),
        val_cfg=dict(type='mmbarlow.FeatureLoop', bank_dataloader=loader('train', BANK)),
    )


def _of_folder(cfg: Config, labeled: str) -> dict[str, Any]:
    """The validation by labeled images in the size of the training views."""
    known = dict(data=cfg.train_dataloader, device=cfg.model.get('data_preprocessor') or {})
    views = list(nodes(known))
    sizes = [n[key] for n in views for key in ('size', 'scale') if isinstance(n.get(key), int)]
    images = next(
        (
            {k: n[k] for k in ('channels', 'range') if k in n}
            for n in views
            if 'range' in n or 'channels' in n
        ),
        {},
    )
    workers = cfg.train_dataloader.get('num_workers', 0)
    options = dict(num_workers=workers, persistent_workers=workers > 0)
    train, changes = cfg.train_cfg, {}
    if 'val_interval' not in train:
        length = train.get('max_epochs') or train.get('max_iters') or 1
        changes['val_interval'] = max(1, -(-length // TIMES))
    parts = labeled_validation(labeled, next(iter(sizes), 224), images, options)
    return dict(
        **{key: dict(value, _delete_=True) for key, value in parts.items()},
        val_evaluator=[dict(type='mmbarlow.KNN', k=[10])],
        train_cfg=changes,
    )


def _names(node: Any, kind: str) -> bool:
    return isinstance(node, dict | ConfigDict) and str(node.get('type')).split('.')[-1] == kind
