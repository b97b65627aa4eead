"""What a finished pretraining leaves behind for its users."""

import json
import shlex
import sys
import time
from pathlib import Path
from typing import Any

from mmengine.dist import master_only
from mmengine.hooks import EMAHook, Hook

from mmbarlow.checkpoints import export_backbone, keep_plain, sha256, unwrap
from mmbarlow.config import type_name
from mmbarlow.errors import InputError
from mmbarlow.files import check_length
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.encoder_description import encoder_parts
from mmbarlow.registry import HOOKS
from mmbarlow.zoo import provenance, records
from mmbarlow.zoo.curve import read_curve
from mmbarlow.zoo.names import one_line_of, permitted
from mmbarlow.zoo.recipe_name import algorithm_and_dataset


@HOOKS.register_module()
class ExportHook(Hook):
    """After training: writes the backbone by itself, and the record of the run.

    `work_dirs/NAME/NAME_backbone.pth` holds the backbone's tensors under their own names, as
    `init_cfg=dict(type='Pretrained', checkpoint=...)` of any OpenMMLab package reads them, and
    as text what `mmbarlow.apis.get_model` needs to build the network.
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
        check_length(f'{Path(runner.cfg.filename).stem}_backbone.pth')
        self.provenance = provenance.provenance()
        record = self._record(runner, metrics=dict(loss=0.0), checkpoint_sha256='0' * 64)
        records.check_writable(record, Path(runner.work_dir) / 'records')
        self._encoder(runner.cfg)

    def is_done(self, runner, folder: Path, replaced: dict[str, int]) -> bool:
        """Whether the run in `folder` has left its backbone; what it replaces does not count."""
        path = folder / f'{Path(runner.cfg.filename).stem}_backbone.pth'
        return path.is_file() and path.stat().st_mtime_ns != replaced.get(path.name)

    def before_train(self, runner) -> None:
        self.start = time.perf_counter() - self.earlier
        # The code that runs is that of now, whatever happens to the checkout meanwhile.
        self.provenance = provenance.provenance()

    @master_only
    def after_train(self, runner) -> None:
        wall_time = round(time.perf_counter() - self.start, 1)
        cfg, about = runner.cfg, self._about(runner)
        path = Path(runner.work_dir) / f'{Path(cfg.filename).stem}_backbone.pth'
        trained = unwrap(runner.model)
        pool = dict(pool=trained.pooled_as) if isinstance(trained, Encoder) else {}
        meta = dict(encoder=self._encoder(cfg, **pool), **about)
        averaged = [hook.ema_model.module for hook in runner.hooks if isinstance(hook, EMAHook)]
        model = averaged[0] if averaged else trained
        export_backbone(model.backbone, meta, path)
        runner.logger.info(f'Backbone{" (moving average)" * bool(averaged)}: {path}')
        try:
            curve = read_curve(runner.work_dir)
            last = curve[-1] if curve else {}
            record = self._record(
                runner,
                metrics={k: v for k, v in last.items() if k != 'epoch'} | dict(epochs=runner.epoch),
                checkpoint_sha256=sha256(path),
                wall_time_s=wall_time,
                curve=curve or None,
            )
            written = records.write(record, Path(runner.work_dir) / 'records', force=True)
        except (InputError, OSError, ValueError) as error:
            runner.logger.warning(f'The training is done, but has no record: {error}')
        else:
            runner.logger.info(f'Record: {written}')

    def _encoder(self, cfg, **more: str) -> str:
        """The network's config as text; a config in Python has classes in the place of names."""
        return json.dumps(encoder_parts(cfg) | more, default=type_name)

    def _names(self, runner) -> tuple[str, str]:
        """Model and data set, as records name them."""
        classes = (runner.cfg.model.type, runner.cfg.train_dataloader.dataset.type)
        from_name = algorithm_and_dataset(Path(runner.cfg.filename).stem)
        model, dataset = from_name or (type_name(kind).split('.')[-1].lower() for kind in classes)
        return permitted(self.model or model), permitted(self.dataset or dataset)

    def _about(self, runner) -> dict:
        name = permitted(Path(runner.cfg.filename).stem)
        model, _ = self._names(runner)
        return dict(model=model, pretrain_config=name, seed=runner.seed, scale=self.scale)

    def _record(self, runner, **measured: Any) -> records.Record:
        about, (_, dataset) = self._about(runner), self._names(runner)
        known: dict[str, Any] = dict(wall_time_s=0.0) | about | self.provenance | measured
        return records.Record(
            config=about['pretrain_config'],
            task='pretrain',
            dataset=dataset,
            command=self.command,
            **known,
        )
