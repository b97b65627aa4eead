"""What makes a run on several processes that of one process with the whole batch."""

from typing import Any

from mmengine.dataset import DefaultSampler
from mmengine.model import MMDistributedDataParallel
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


def local_norms(model: nn.Module) -> list[str]:
    """Names of the BN layers in training that see the images of one process alone."""
    return [
        name
        for name, module in model.named_modules()
        if isinstance(module, _BatchNorm) and module.training
        if not isinstance(module, nn.SyncBatchNorm | GlobalBatchNorm)
    ]
