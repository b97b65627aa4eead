"""The best checkpoint of a run, and what is published of it."""

import hashlib
import pickle
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine import hooks
from mmengine.dist import master_only

from mmbarlow.checkpoints import is_plain, read_checkpoint
from mmbarlow.files import write_atomically


class BestCheckpoint(hooks.CheckpointHook):
    """MMEngine removes the best checkpoint before it writes a better one, forgets in a resumed run
    which it was, and publishes in place."""

    best: dict[str, Any] = {}  # noqa: RUF012 of the checkpoint that is resumed

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        if runner.cfg.get('resume'):
            self.best = checkpoint.get('best', {})

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """The best score and its file, which MMEngine keeps among objects."""
        found = runner.message_hub.runtime_info.items()
        best = {k: v for k, v in found if k.startswith('best_') and is_plain(v)}
        if best:
            checkpoint['best'] = best

    def before_train(self, runner) -> None:
        for key, value in self.best.items():
            if key.startswith('best_ckpt') and self.out_dir is None:  # the folder may have moved
                value = str(Path(runner.work_dir, Path(value).name))
            runner.message_hub.update_info(key, value)
        super().before_train(runner)

    def _save_best_checkpoint(self, runner, metrics: dict) -> None:
        """The old one is removed when the new one is there."""
        if not self.save_best:
            return
        backend, later = self.file_backend, _RemoveLater(self.file_backend)
        self.file_backend = later
        try:
            super()._save_best_checkpoint(runner, metrics)
        finally:
            self.file_backend = backend
        info = runner.message_hub.runtime_info
        for path in later.paths - {v for k, v in info.items() if k.startswith('best_ckpt')}:
            backend.remove(path)

    @master_only
    def _publish_model(self, runner, ckpt_path: str) -> None:
        checkpoint = read_checkpoint(ckpt_path)
        assert self.published_keys is not None
        published = {key: checkpoint[key] for key in checkpoint if key in self.published_keys}
        sha = hashlib.sha256(pickle.dumps(published)).hexdigest()
        path = Path(ckpt_path).with_suffix('')
        path = path.with_name(f'{path.name}-{sha[:8]}.pth')
        write_atomically(path, partial(torch.save, published))
        runner.logger.info(f'The checkpoint ({ckpt_path}) is published to {path}.')


class _RemoveLater:
    """A backend of MMEngine's that collects what it is asked to remove."""

    def __init__(self, backend: Any) -> None:
        self.backend, self.paths = backend, set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.backend, name)

    def remove(self, path: str) -> None:
        self.paths.add(path)
