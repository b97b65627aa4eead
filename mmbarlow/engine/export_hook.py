"""What a finished pretraining leaves behind for its users."""

import json
import shlex
import sys
import time
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.dist import master_only
from mmengine.hooks import EMAHook, Hook

from mmbarlow.checkpoints import export_backbone, keep_plain, sha256, unwrap
from mmbarlow.config import type_name
from mmbarlow.errors import InputError
from mmbarlow.files import check_length
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.encoder_description import encoders_of, modalities_of
from mmbarlow.registry import HOOKS
from mmbarlow.zoo import provenance, records
from mmbarlow.zoo.curve import read_curve
from mmbarlow.zoo.names import one_line_of, permitted
from mmbarlow.zoo.recipe_name import algorithm_and_dataset


def backbone_files(cfg: Config, folder: Path) -> dict[str, Path]:
    """Where the backbones of a run of the config are exported to, by modality."""
    stem = Path(cfg.filename).stem
    return {
        name: folder / f'{stem}{f".{name}" * bool(name)}_backbone.pth'
        for name in modalities_of(cfg)
    }


def _as_text(parts: dict[str, Any]) -> str:
    """A network's config; one in Python has classes in the place of names."""
    return json.dumps(parts, default=type_name)


def encoder_texts(runner) -> dict[str, str]:
    """What `mmbarlow.apis.get_model` builds the trained encoders from, by modality."""
    trained, texts = unwrap(runner.model), {}
    for name, parts in encoders_of(runner.cfg).items():
        own = trained.modalities[name] if name else trained
        pool = dict(pool=own.pooled_as) if isinstance(own, Encoder) else {}
        texts[name] = _as_text(parts | pool)
    return texts


@HOOKS.register_module()
class ExportHook(Hook):
    """After training: writes the backbone by itself, and the record of the run.

    `work_dirs/NAME/NAME_backbone.pth` holds the backbone's tensors under their own names, as
    `init_cfg=dict(type='Pretrained', checkpoint=...)` of any OpenMMLab package reads them, and
    as text what `mmbarlow.apis.get_model` needs to build the network. Of two modalities
    (`mmbarlow.TwoModalityBarlowTwins`) there are two, `NAME.MODALITY_backbone.pth`, and the record
    has the hash of the first.
    `work_dirs/NAME/records/` gets the record, with the curve of the training. With MMEngine's
    EMAHook the backbone is that of the moving average, as in the checkpoints and the validations.

    Args:
        scale: 'full', or in a sentence what of the published recipe was reduced.
        command: for the record; None: that of this process.
        dataset: name of the data set for the record; None: read from the config's file name, or
            the data set's class where the name does not follow the grammar.
        model: the kind of pretraining, as records and the zoo name it; None: as `dataset`.

    Names go into the record as `permitted` makes them: the config `my cfg.py` is `my-cfg` there.
    """

    priority = 'VERY_LOW'  # after the logger

    def __init__(
        self,
        scale: str = 'full',
        command: str | None = None,
        dataset: str | None = None,
        model: str | None = None,
    ) -> None:
        self.scale = one_line_of(scale)
        self.command = one_line_of(command or shlex.join(['python', *sys.argv]))
        self.dataset = dataset
        self.model = model
        self.earlier = 0.0  # seconds of the pieces before, up to the checkpoint

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        keep_plain(checkpoint)
        checkpoint['meta']['wall_time_s'] = time.perf_counter() - self.start

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        if runner.cfg.get('resume'):
            self.earlier = checkpoint['meta'].get('wall_time_s', 0.0)

    def check_before_training(self, runner) -> None:
        """Raises InputError before the first step if the record of the run could not be written."""
        for path in backbone_files(runner.cfg, Path(runner.work_dir)).values():
            check_length(path.name)
        self.provenance = provenance.provenance()
        record = self._record(runner, metrics=dict(loss=0.0), checkpoint_sha256='0' * 64)
        records.check_writable(record, Path(runner.work_dir) / 'records')
        for parts in encoders_of(runner.cfg).values():
            _as_text(parts)

    def is_done(self, runner, folder: Path, replaced: dict[str, int]) -> bool:
        """Whether the run in `folder` has left its backbone; what it replaces does not count."""
        paths = backbone_files(runner.cfg, folder).values()
        return all(p.is_file() and p.stat().st_mtime_ns != replaced.get(p.name) for p in paths)

    def before_train(self, runner) -> None:
        self.start = time.perf_counter() - self.earlier
        # The code that runs is that of now, whatever happens to the checkout meanwhile.
        self.provenance = provenance.provenance()

    @master_only
    def after_train(self, runner) -> None:
        wall_time = round(time.perf_counter() - self.start, 1)
        about, trained = self.about(runner), unwrap(runner.model)
        paths = backbone_files(runner.cfg, Path(runner.work_dir))
        averaged = [hook.ema_model.module for hook in runner.hooks if isinstance(hook, EMAHook)]
        model = averaged[0] if averaged else trained
        for name, text in encoder_texts(runner).items():
            meta = dict(encoder=text, **about)
            backbone = (model.modalities[name] if name else model).backbone
            export_backbone(backbone, meta, paths[name])
            kind = f' of {name}' * bool(name) + ' (moving average)' * bool(averaged)
            runner.logger.info(f'Backbone{kind}: {paths[name]}')
        try:
            curve = read_curve(runner.work_dir)
            last = curve[-1] if curve else {}
            record = self._record(
                runner,
                metrics={k: v for k, v in last.items() if k != 'epoch'} | dict(epochs=runner.epoch),
                checkpoint_sha256=sha256(next(iter(paths.values()))),
                wall_time_s=wall_time,
                curve=curve or None,
            )
            written = records.write(record, Path(runner.work_dir) / 'records', force=True)
        except (InputError, OSError, ValueError) as error:
            runner.logger.warning(f'The training is done, but has no record: {error}')
        else:
            runner.logger.info(f'Record: {written}')

    def _names(self, runner) -> tuple[str, str]:
        """Model and data set, as records name them."""
        classes = (runner.cfg.model.type, runner.cfg.train_dataloader.dataset.type)
        from_name = algorithm_and_dataset(Path(runner.cfg.filename).stem)
        model, dataset = from_name or (type_name(kind).split('.')[-1].lower() for kind in classes)
        return permitted(self.model or model), permitted(self.dataset or dataset)

    def about(self, runner) -> dict:
        """What the meta of an exported backbone says of the run."""
        name = permitted(Path(runner.cfg.filename).stem)
        model, _ = self._names(runner)
        return dict(model=model, pretrain_config=name, seed=runner.seed, scale=self.scale)

    def _record(self, runner, **measured: Any) -> records.Record:
        about, (_, dataset) = self.about(runner), self._names(runner)
        known: dict[str, Any] = dict(wall_time_s=0.0) | about | self.provenance | measured
        return records.Record(
            config=about['pretrain_config'],
            task='pretrain',
            dataset=dataset,
            command=self.command,
            **known,
        )
