"""The option `--cfg-options pretrained=CHECKPOINT` of configs of detectors and segmentors."""

from pathlib import Path

import torch
from mmengine.hooks import Hook
from torch import nn

from mmbarlow.checkpoints import unwrap
from mmbarlow.convert.backbone import Backbone, load_backbone
from mmbarlow.errors import InputError, printable
from mmbarlow.evaluation.resnet_weights import load_resnet, resnet_tensors
from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class PretrainedHook(Hook):
    """Loads the checkpoint named by the config's key `pretrained` before training starts.

    It may be any file that tools/convert_checkpoint.py reads, such as a whole checkpoint or an
    exported backbone of mmbarlow, torchvision or the official code. None leaves the network
    untrained. A resumed run already has its weights.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner) -> None:
        """Raises InputError if the checkpoint cannot be read or does not fit."""
        if runner.iter:
            return
        path, model = runner.cfg.get('pretrained'), unwrap(runner.model)
        if path is None:
            runner.logger.warning(
                'pretrained=None: the network is untrained; --cfg-options pretrained=CHECKPOINT '
                'loads weights.'
            )
            return
        found = load_backbone(Path(path))
        try:
            check_pixels(model, found)
            load_resnet(model, found.state)
        except InputError as error:
            raise InputError(f'{path} ({found}): {error}') from None
        count = len(resnet_tensors(model))
        notes = ' '.join(found.notes)
        line = f'{path}: {found}, all {count} tensors are loaded. {notes}'
        runner.logger.info(printable(line))


def check_pixels(model: nn.Module, found: Backbone) -> None:
    """Raises InputError unless the model normalizes images as pretraining did."""
    kind = 'the detector' if hasattr(model, 'roi_head') else 'the segmentor'
    for key in ('mean', 'std'):
        wanted = (found.preprocessor or {}).get(key)
        own = getattr(model.get_submodule('data_preprocessor'), key).flatten()
        if wanted and not torch.allclose(own, own.new_tensor(wanted), rtol=1e-3):
            raise InputError(
                f'pretraining normalized images with {key} {wanted}, but {kind} uses '
                f'{own.tolist()}: give --cfg-options '
                f'model.data_preprocessor.{key}={",".join(map(str, wanted))}.'
            )
