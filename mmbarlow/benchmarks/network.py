"""The network that is evaluated: a checkpoint, or something to compare it with."""

from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config
from mmengine.runner import set_random_seed

from mmbarlow import apis
from mmbarlow.checkpoints import sha256
from mmbarlow.config_files import find_config
from mmbarlow.convert.fitting import read_weights
from mmbarlow.engine.pretraining import combined_scale
from mmbarlow.errors import InputError
from mmbarlow.models.encoder import Encoder
from mmbarlow.zoo.names import one_line_of, permitted

# Any affine map of the pixels would do; cosine similarity needs them centered.
PIXELS = dict(
    backbone=dict(type='mmbarlow.RawPixels'),
    data_preprocessor=dict(type='mmpretrain.SelfSupDataPreprocessor', mean=[127.5], std=[127.5]),
)


@dataclass(frozen=True)
class Network:
    """A network before it is built."""

    about: dict  # in its records: model, pretrain_config, checkpoint_sha256, seed, scale
    work_dir: Path  # where its results go by default
    encoder_cfg: dict  # arguments of `mmbarlow.Encoder`: backbone, data_preprocessor, images
    checkpoint: str | None = None  # the file of its weights, if it has any

    @property
    def images(self) -> dict:
        """`channels` and `range` of its images, options of the transforms; {} for 8-bit RGB."""
        return self.encoder_cfg.get('images') or {}

    def build(self) -> Encoder:
        """The frozen network in eval mode; untrained weights are drawn from the seed.

        Raises:
            InputError: the checkpoint does not fit the network.
        """
        if self.about['model'] == 'pixels':
            return Encoder(**self.encoder_cfg)
        set_random_seed(self.about['seed'])
        return apis.get_model(self.checkpoint, Config(dict(model=self.encoder_cfg)))


def read_network(
    model: str, config: str | None = None, seed: int | None = None, scale: str | None = None
) -> Network:
    """The network that `model` stands for.

    Args:
        model: the path of a checkpoint, 'untrained' or 'pixels'.
        config: path of the pretraining config, needed where no checkpoint has it.
        seed: of the untrained weights, or of the pretraining where the checkpoint does not say.
        scale: one sentence on how the benchmarks are reduced, None where they are not; the
            records have it after what the checkpoint says about its pretraining.

    Raises:
        InputError: the checkpoint cannot be read, or neither it nor a config describes the network.
    """
    name = permitted(find_config(config).stem) if config else None
    about = dict(model=model, pretrain_config=name, checkpoint_sha256=None, seed=seed or 0)
    scale = one_line_of(scale) if scale else None
    about['scale'] = combined_scale('full', scale)
    if model == 'pixels':
        return Network(about | dict(pretrain_config=None), Path('work_dirs/pixels'), PIXELS)
    if model == 'untrained':
        if config is None:
            raise InputError("'untrained' needs --config, the pretraining config of the network.")
        encoder_cfg = apis.encoder_config_of(model, {}, config)
        return Network(about, Path(f'work_dirs/untrained/{name}'), encoder_cfg)
    weights = read_weights(model)
    meta = weights.get('meta', {})
    about.update({key: meta[key] for key in ('pretrain_config', 'seed') if key in meta})
    about.update(
        model=permitted(meta.get('model', 'barlowtwins')),
        pretrain_config=permitted(str(about['pretrain_config'] or Path(model).stem)),
        checkpoint_sha256=sha256(model),
        scale=combined_scale(one_line_of(meta.get('scale', 'full')), scale),
    )
    encoder_cfg = apis.encoder_config_of(model, weights, config)
    return Network(about, Path(model).parent, encoder_cfg, model)
