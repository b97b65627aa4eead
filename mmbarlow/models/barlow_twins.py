"""The algorithm: two views or more, one network, one loss."""

import inspect
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from mmbarlow.errors import InputError
from mmbarlow.loss import distributed
from mmbarlow.models.chunked import embed_in_chunks
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.global_batch_norm import GlobalBatchNorm
from mmbarlow.models.patch_projection import freeze_patch_projection
from mmbarlow.models.quick_attention import quick_attention
from mmbarlow.models.width import with_width
from mmbarlow.registry import MODELS


@MODELS.register_module()
class BarlowTwins(Encoder):
    """Barlow Twins (Zbontar et al., ICML 2021, https://arxiv.org/abs/2103.03230).

    Args:
        backbone: config of a backbone that returns anything that `pooled` takes.
        neck: config of the projector, such as `mmbarlow.BarlowTwinsNeck`, of representations
            (n, C); its `in_channels`, where it is None or left out, is the backbone's C.
        head: config of the loss, such as `mmbarlow.CrossCorrelationHead`.
        data_preprocessor: config of the preprocessor that normalizes the views on the device.
        chunk_size: most images of a view to run at once, per process; by default all of them. The
            loss and its gradient stay those of the whole batch, in the memory of one chunk and
            about 4/3 of the time. A BN layer then standardizes each chunk of each view by itself,
            as on a device with a batch of `chunk_size` (with SyncBN: over one chunk of every
            process), so that a network with BN learns as with smaller BN batches; its running
            statistics move once for each chunk of each view. A network without BN cannot tell.
        frozen_patches: keep the projection of patches of a vision transformer as it is
            initialized (`freeze_patch_projection`).
        pool: as in `Encoder`, for the projector as for what is exported.
    """

    same_calls = True  # a step is the same calls each time, with no numbers from Python

    def __init__(
        self,
        backbone: dict,
        neck: dict,
        head: dict,
        data_preprocessor: dict | None = None,
        chunk_size: int | None = None,
        channels_last: bool = False,
        compile: bool | dict = False,
        frozen_patches: bool = False,
        pool: str = 'auto',
    ) -> None:
        if chunk_size is not None and chunk_size < 2:
            raise InputError(f'chunk_size is {chunk_size}: BN layers need at least 2 images.')
        super().__init__(backbone, data_preprocessor, channels_last, pool)
        if frozen_patches:
            freeze_patch_projection(self.backbone)
        self.chunk_size = chunk_size
        self.compile_options = dict(compile) if isinstance(compile, dict) else {}
        self.compiles = compile is not False
        self.compiled: dict[str, Callable] = {}
        self.neck = MODELS.build(with_width(neck, self.backbone, pool))
        self.head = MODELS.build(head)

    def forward(
        self, inputs: list[Tensor] | Tensor, data_samples: list | None = None, mode: str = 'tensor'
    ) -> dict[str, Tensor] | Tensor:
        """One of two modes.

        Args:
            inputs: for 'loss' the views, two or more, each (n, 3, H, W) with its own H and W; for
                'tensor' images of that shape.
            data_samples: not used; MMEngine passes them.
            mode: 'loss' gives the terms of the loss, which MMEngine sums; 'tensor' gives the
                representations, (n, C).

        Raises:
            InputError: another mode, one view, more views than the head compares, a batch of 1,
                channels the backbone does not take.
        """
        if mode == 'loss' and isinstance(inputs, list):
            return self.loss(inputs)
        if mode == 'tensor' and isinstance(inputs, Tensor):
            return self.extract_feat(inputs)
        raise InputError(
            f"mode {mode!r} with a {type(inputs).__name__}: BarlowTwins has the modes 'loss', "
            "which takes a list of views (mmbarlow.TwinViews makes two), and 'tensor', which "
            'takes a tensor of images.'
        )

    def loss(self, views: list[Tensor]) -> dict[str, Tensor]:
        """Terms of the loss of the views, each (n, 3, H, W)."""
        self.check_views(views)
        return self.head.loss(*self.embed_views(views))

    def check_views(self, views: list[Tensor]) -> None:
        """Raise InputError for what is no batch of views."""
        if len(views) < 2:
            raise InputError(f'Barlow Twins takes two views of each image, got {len(views)}.')
        if len(views) > 2 and not self._compares_several():
            raise InputError(
                f'mmbarlow.{type(self.head).__name__} compares two views of each image, got '
                f'{len(views)}: take mmbarlow.CrossCorrelationHead, or mmbarlow.TwinViews.'
            )
        self.check_channels(views[0])
        if len(views[0]) * distributed.world_size() == 1:
            raise InputError(
                'a batch of 1 has no correlations, so Barlow Twins has no loss: set '
                'train_dataloader.batch_size to at least 2 (hundreds are better) and drop_last.'
            )

    def embed_views(self, views: list[Tensor]) -> tuple[Tensor, ...]:
        """Embeddings (n, D) of each of the views, (n, 3, H, W)."""
        if self.chunk_size is not None:
            return embed_in_chunks(self, self.embed, views, self.chunk_size)
        # One view after the other, not concatenated: each BN layer sees each view by itself, as in
        # the official code. Small views, of which there are many, go together, as in SwAV's.
        places = defaultdict(list)
        for place, view in enumerate(views):
            alone = view.shape == views[0].shape
            places[place if alone else view.shape].append(place)
        found: dict[int, Tensor] = {}
        for group in places.values():
            together = views[group[0]] if len(group) == 1 else torch.cat([views[p] for p in group])
            found |= zip(group, self.embed(together).chunk(len(group)), strict=True)
        return tuple(found[place] for place in range(len(views)))

    def _compares_several(self) -> bool:
        parameters = inspect.signature(self.head.loss).parameters.values()
        return any(p.kind == p.VAR_POSITIONAL for p in parameters)

    def embed(self, images: Tensor) -> Tensor:
        """Embeddings (n, D) of images (n, 3, H, W)."""
        images = images.contiguous(memory_format=self.layout)
        with quick_attention(images):
            return self._stage('neck')(self.pooled(self._stage('backbone')(images)))

    def _stage(self, name: str) -> Callable:
        """'backbone' or 'neck', compiled if that is asked for."""
        module: nn.Module = getattr(self, name)
        if not self.compiles:
            return module
        if name not in self.compiled:  # now that the runner has put SyncBN in its place
            # SyncBN talks to other processes, which torch's compiler steps out of a graph for.
            talks = nn.SyncBatchNorm, GlobalBatchNorm
            whole = not any(isinstance(m, talks) for m in module.modules())
            options: dict[str, Any] = dict(fullgraph=whole) | self.compile_options
            self.compiled[name] = torch.compile(module.forward, **options)
        return self.compiled[name]
