"""What makes a run on several processes that of one process with the whole batch."""

from typing import Any

from mmengine.dataset import DefaultSampler
from mmengine.model import MMDistributedDataParallel
from mmengine.runner import Runner
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import DataLoader

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

    def build_dataloader(self, dataloader: Any, *args: Any, **kwargs: Any) -> DataLoader:  # pyright: ignore
        loader = super().build_dataloader(dataloader, *args, **kwargs)
        if dataloader == self._train_dataloader:
            self._share(loader)
        return loader

    def _share(self, loader: DataLoader) -> None:
        model, batch = unwrap(self.model), batch_size(loader)
        if world_size() == 1 or batch is None or not isinstance(loader.sampler, DefaultSampler):
            return
        uneven, chunk = isinstance(model, BarlowTwins), getattr(model, 'chunk_size', None)
        chunks = -(-batch // chunk) if chunk else 1
        if repeated := share_batches(loader.sampler, batch, loader.drop_last, uneven, chunks):
            self.logger.warning(
                f'{repeated} images of the last batch of an epoch are there twice, so that each '
                'process has as many, which is another batch than on one process. Without it: '
                '--cfg-options train_dataloader.drop_last=True.'
            )


def warn_of_local_norms(runner: Runner) -> None:
    """Say that the number of processes decides what is trained, where it does."""
    layers = unwrap(runner.model).train().modules()
    local = [m for m in layers if isinstance(m, _BatchNorm) and m.training and not _is_global(m)]
    if local and world_size() > 1:
        runner.logger.warning(
            f'{len(local)} BN layers see the images of each process by themselves (sync_bn=None), '
            'so that on another number of processes this is another training.'
        )


def _is_global(norm: nn.Module) -> bool:
    return isinstance(norm, nn.SyncBatchNorm | GlobalBatchNorm)
