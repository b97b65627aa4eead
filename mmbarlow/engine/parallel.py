"""What makes a run on several processes that of one process with the whole batch."""

from typing import Any

from mmengine.dataset import DefaultSampler
from mmengine.model import MMDistributedDataParallel
from mmengine.runner.base_loop import BaseLoop
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmbarlow.checkpoints import unwrap
from mmbarlow.datasets.shared_batches import share_batches
from mmbarlow.engine.terminal import TerminalRunner, batch_size
from mmbarlow.loss.distributed import world_size
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.models.global_batch_norm import GlobalBatchNorm, use_global_batch_norm
from mmbarlow.registry import MODEL_WRAPPERS


@MODEL_WRAPPERS.register_module()
class CpuDistributedDataParallel(MMDistributedDataParallel):
    """MMEngine's DDP for processes without a GPU, with BN over all of them where it is asked for.

    The config's `sync_bn` or a layer `SyncBN` asks; torch's own SyncBatchNorm takes tensors of a
    GPU alone.
    """

    def __init__(self, module: nn.Module, **kwargs: Any) -> None:
        use_global_batch_norm(module)
        super().__init__(module, **kwargs)


class ParallelRunner(TerminalRunner):
    """MMEngine's Runner, whose global batches do not depend on the number of processes."""

    def build_train_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        if isinstance(self._train_dataloader, dict):
            different = self._randomness_cfg.get('diff_rank_seed', False)
            self._train_dataloader = self.build_dataloader(
                self._train_dataloader, seed=self.seed, diff_rank_seed=different
            )
        loader, model = self._train_dataloader, unwrap(self.model)
        sampler, batch = getattr(loader, 'sampler', None), batch_size(loader)
        if world_size() > 1 and batch and isinstance(sampler, DefaultSampler):
            uneven, chunk = isinstance(model, BarlowTwins), getattr(model, 'chunk_size', None)
            chunks = -(-batch // chunk) if chunk else 1
            if repeated := share_batches(sampler, batch, loader.drop_last, uneven, chunks):
                self.logger.warning(
                    f'{repeated} images of the last batch of an epoch are there twice, so that '
                    'each process has as many: on another number of processes it is another '
                    'batch. Without it: --cfg-options train_dataloader.drop_last=True.'
                )
        return super().build_train_loop(loop)


def local_norms(model: nn.Module) -> list[str]:
    """Names of the BN layers in training that see the images of one process alone."""
    return [
        name
        for name, module in model.named_modules()
        if isinstance(module, _BatchNorm) and module.training
        if not isinstance(module, nn.SyncBatchNorm | GlobalBatchNorm)
    ]
