"""What is judged: a checkpoint, or something to compare with."""

from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config
from mmengine.runner import set_random_seed

from mmbarlow import apis
from mmbarlow.checkpoints import read_checkpoint, sha256
from mmbarlow.errors import InputError
from mmbarlow.models.encoder import Encoder

# Any affine map of the pixels would do; cosine similarity wants them centred.
PIXELS = dict(
    backbone=dict(type='mmbarlow.RawPixels'),
    data_preprocessor=dict(
        type='mmpretrain.SelfSupDataPreprocessor', mean=[127.5] * 3, std=[127.5] * 3
    ),
)


@dataclass(frozen=True)
class Subject:
    """The network that is judged, before it is built.

    about: what its records say of it: model, pretrain_config, checkpoint_sha256, seed, scale.
    work_dir: where its results go unless the user says otherwise.
    encoder_cfg: backbone and data_preprocessor, the arguments of `mmbarlow.Encoder`.
    checkpoint: its weights, or None where there are none.
    """

    about: dict
    work_dir: Path
    encoder_cfg: dict
    checkpoint: str | None = None

    def build(self) -> Encoder:
        """The frozen network in eval mode; untrained weights are drawn from the seed.

        Raises:
            InputError: the checkpoint does not fit the network.
        """
        if self.about['model'] == 'pixels':
            return Encoder(**self.encoder_cfg)
        set_random_seed(self.about['seed'])
        return apis.get_model(self.checkpoint, Config(dict(model=self.encoder_cfg)))


def subject(
    model: str, config: str | None = None, seed: int | None = None, scale: str | None = None
) -> Subject:
    """What `model` is: the path of a checkpoint, 'untrained' or 'pixels'.

    Args:
        model: see above.
        config: path of the pretraining config, needed where no checkpoint tells.
        seed: of the untrained weights, or of the pretraining where the checkpoint tells none.
        scale: one sentence on how the benchmarks are reduced, None where they are not; the
            records have it after what the checkpoint says about its pretraining.

    Raises:
        InputError: the checkpoint cannot be read, or does not say what it is and no config does.
    """
    name = Path(config).stem if config else None
    about = dict(pretrain_config=name, checkpoint_sha256=None, seed=seed or 0)
    if model == 'pixels':
        about.update(model=model, pretrain_config=None, scale=combined('full', scale))
        return Subject(about, Path('work_dirs/pixels'), PIXELS)
    if model == 'untrained':
        if config is None:
            raise InputError("'untrained' needs --config, the pretraining config of the network.")
        about.update(model=model, scale=combined('full', scale))
        encoder_cfg = apis.encoder_config_of(model, {}, config)
        return Subject(about, Path(f'work_dirs/untrained/{name}'), encoder_cfg)
    weights = read_checkpoint(model)
    meta = weights.get('meta', {})
    about.update({key: meta[key] for key in ('pretrain_config', 'seed') if key in meta})
    about.update(
        model=meta.get('model', 'barlowtwins'),
        pretrain_config=about['pretrain_config'] or Path(model).stem,
        checkpoint_sha256=sha256(model),
        scale=combined(meta.get('scale', 'full'), scale),
    )
    encoder_cfg = apis.encoder_config_of(model, weights, config)
    return Subject(about, Path(model).parent, encoder_cfg, model)


def combined(pretraining: str, benchmark: str | None) -> str:
    """The `scale` of a record: 'full' only where neither part was reduced."""
    if benchmark is None:
        return pretraining
    return benchmark if pretraining == 'full' else f'{pretraining.rstrip(".")}; {benchmark}'
