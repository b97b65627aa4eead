"""A Runner that writes whole checkpoints, and says in a sentence when it cannot write."""

import logging
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import mmengine
from mmengine import hooks
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.registry import HOOKS
from torch import nn

from mmbarlow.checkpoints import unwrap
from mmbarlow.engine.checkpoint_writer import CheckpointWriter
from mmbarlow.engine.terminal import TerminalRunner
from mmbarlow.errors import InputError, Unfinished
from mmbarlow.files import cannot_go_on, writing_explained
from mmbarlow.loss.distributed import rank


class SavingRunner(TerminalRunner):
    """MMEngine's Runner deletes the old checkpoint first, and writes the new one in place.

    Its `CheckpointHook`, which configs of other packages name, becomes `mmbarlow.CheckpointHook`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.writer = CheckpointWriter()
        super().__init__(*args, **kwargs)

    def register_hook(self, hook: Hook | dict, *args: Any, **kwargs: Any) -> None:
        kind = hook.get('type') if isinstance(hook, dict) else None
        if isinstance(kind, str) and kind.endswith('CheckpointHook'):
            kind = HOOKS.get(kind)
        if kind is hooks.CheckpointHook:
            hook = dict(hook, type='mmbarlow.CheckpointHook')  # pyright: ignore
        super().register_hook(hook, *args, **kwargs)

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        logger = super().build_logger(*args, **kwargs)
        for handler in logger.handlers:
            if isinstance(handler, logging.FileHandler):
                handler.handleError = lambda record, log=handler: _cannot_log(log, record)
        return logger

    def train(self) -> nn.Module:
        """Raises InputError if the work dir cannot be written to any more."""
        try:
            with writing_explained(self.work_dir):
                model = super().train()
        except Unfinished:
            self.writer.wait()  # the next piece resumes what is being written
            raise
        except BaseException:
            try:
                self.writer.wait()
            except InputError as error:
                self.logger.warning(str(error))
            raise
        return model

    def save_checkpoint(
        self,
        out_dir: str,
        filename: str,
        file_client_args: dict | None = None,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        meta: dict | None = None,
        by_epoch: bool = True,
        backend_args: dict | None = None,
        then: Callable[[Path], object] | None = None,
        copy: bool = True,
    ) -> None:
        """MMEngine's, but that the file appears when it is whole, on the disk and read back.

        Args:
            then: called, with the path, when it is written, which is done while the training goes
                on; without it, the file is there when this returns.
            copy: not needed where nothing is trained until `writer.wait` returns.

        Raises:
            InputError: a tensor has NaN or Inf, or nothing can be written there; also if that was
                so with the checkpoint before.
        """
        if file_client_args or backend_args or '://' in str(out_dir):  # no folder of this machine
            arguments = (file_client_args, save_optimizer, save_param_scheduler, meta, by_epoch)
            super().save_checkpoint(out_dir, filename, *arguments, backend_args)
        elif rank() == 0:
            numbers = dict(epoch=self.epoch + by_epoch, iter=self.iter + (not by_epoch))
            checkpoint = self._state(numbers | (meta or {}), save_optimizer, save_param_scheduler)
            self.call_hook('before_save_checkpoint', checkpoint=checkpoint)
            path, follow_up = Path(out_dir, filename), then or (lambda path: None)
            self.writer.start(checkpoint, path, follow_up, copy and then is not None)
            if then is None:
                self.writer.wait()

    @cached_property
    def _config_text(self) -> str:
        return self.cfg.pretty_text  # formatting takes longer than many a step

    def _state(self, numbers: dict, optimizer: bool, schedulers: bool) -> dict[str, Any]:
        """What MMEngine saves, on the devices where it is."""
        meta: dict[str, Any] = numbers | dict(
            cfg=self._config_text,
            seed=self.seed,
            experiment_name=self.experiment_name,
            time=time.strftime('%Y%m%d_%H%M%S', time.localtime()),
            mmengine_version=mmengine.__version__,
        )
        if hasattr(self.train_dataloader.dataset, 'metainfo'):
            meta['dataset_meta'] = self.train_dataloader.dataset.metainfo  # pyright: ignore
        state: dict[str, Any] = dict(meta=meta, state_dict=unwrap(self.model).state_dict())
        state['message_hub'] = self.message_hub.state_dict()
        if optimizer:
            state['optimizer'] = self.optim_wrapper.state_dict()  # pyright: ignore
        own: Any = self.param_schedulers
        if schedulers and isinstance(own, dict):
            states = {name: [s.state_dict() for s in each] for name, each in own.items()}
            state['param_schedulers'] = states
        elif schedulers and own is not None:
            state['param_schedulers'] = [s.state_dict() for s in own]
        return state


def _cannot_log(handler: logging.FileHandler, record: logging.LogRecord) -> None:
    """In the place of the traceback that `logging` prints each time.

    Raises:
        InputError: the log cannot be written to.
    """
    error = sys.exc_info()[1]
    if not isinstance(error, OSError):
        return logging.Handler.handleError(handler, record)
    handler.setLevel(sys.maxsize)
    stream: Any = handler.stream
    handler.stream = None  # pyright: ignore[reportAttributeAccessIssue]
    with suppress(OSError):  # the line that it cannot write
        stream.close()
    raise cannot_go_on(handler.baseFilename, error) from error
