"""`--cfg-options pretrained=CHECKPOINT` of detection configs."""

from pathlib import Path

import torch
from mmengine.hooks import Hook
from torch import nn

from mmbarlow.checkpoints import keep_plain, unwrap
from mmbarlow.convert.backbone import Backbone, load
from mmbarlow.detection.resnet_weights import load_resnet, resnet_tensors
from mmbarlow.errors import InputError
from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class PretrainedHook(Hook):
    """Loads the checkpoint that the config's key `pretrained` names, before the training.

    Any file that tools/convert_checkpoint.py reads: a whole checkpoint or a backbone of ours, of
    torchvision, of the official code and others. None leaves the network untrained. A resumed
    training has its weights already.
    """

    priority = 'VERY_HIGH'

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        keep_plain(checkpoint)  # --resume reads it safely

    def before_train(self, runner) -> None:
        """Raises InputError if the checkpoint cannot be read or does not fit."""
        if runner.iter:
            return
        path, detector = runner.cfg.get('pretrained'), unwrap(runner.model)
        if path is None:
            runner.logger.warning(
                'pretrained=None: the network is untrained; --cfg-options pretrained=CHECKPOINT '
                'gives it weights.'
            )
            return
        found = load(Path(path))
        try:
            check_pixels(detector, found)
            load_resnet(detector, found.state)
        except InputError as error:
            raise InputError(f'{path} ({found}): {error}') from None
        count = len(resnet_tensors(detector))
        notes = ' '.join(found.notes)
        runner.logger.info(f'{path}: {found}, all {count} tensors are loaded. {notes}')


def check_pixels(detector: nn.Module, found: Backbone) -> None:
    """Raises InputError unless the detector normalises images as the pretraining did."""
    for key in ('mean', 'std'):
        wanted = (found.preprocessor or {}).get(key)
        own = getattr(detector.get_submodule('data_preprocessor'), key).flatten()
        if wanted and not torch.allclose(own, own.new_tensor(wanted), rtol=1e-3):
            raise InputError(
                f'the pretraining normalised images with {key} {wanted}, the detector does with '
                f'{own.tolist()}: give --cfg-options '
                f'model.data_preprocessor.{key}={",".join(map(str, wanted))}.'
            )
