"""The algorithm for pairs of modalities: two networks, and a loss within and between them."""

from mmengine.model import BaseModel, ModuleDict
from torch import Tensor

from mmbarlow.errors import InputError
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.registry import MODELS


@MODELS.register_module()
class TwoModalityBarlowTwins(BaseModel):
    """Barlow Twins within each of two modalities and between them: DeCUR, and what it grew from.

        L = L_between(z_a, z_b) + w (L_a(z_a, z_a') + L_b(z_b, z_b'))

    z_a and z_a' are the embeddings of two views of the image of the first modality, z_b and z_b' of
    the second. L_between is the head's, `mmbarlow.CommonUniqueHead`; L_a and L_b are Barlow Twins
    in all dimensions, which keep the unique ones from becoming noise. With one view of each image,
    only L_between is left: with no unique dimensions that is Barlow Twins between modalities.

    Where the released code (zhu-xlab/DeCUR) differs from the paper (arXiv:2309.05300): it divides
    L_between by two before it takes the mean of the three, so that w = 2; in the paper w = 1. Its
    two projectors are made of one list of layers, so that both modalities share their weights; the
    paper draws one for each, and so are they here. A condition that is always true
    (`'vit' or 'mit' in ...`) makes AdamW the optimizer of every network. It divides C by a batch of
    4 GPUs, whatever their number, and its gradient is 1 / (number of GPUs) of the true one.

    Args:
        modalities: name to config of each of the two, in the order of `mmbarlow.PairedViews`:
            `backbone`, `neck`, `head` and `data_preprocessor` of `mmbarlow.BarlowTwins`. The names
            are in the log, and in the names of the two files of exported backbones.
        order: their names in that order, where the dict may have lost it, as in a saved config.
        head: config of L_between, such as `mmbarlow.CommonUniqueHead`.
        intra_weight: w.
        data_preprocessor: of the whole, which only moves the views to the device.
        **shared: arguments of both modalities, such as `chunk_size` and `channels_last`.

    Raises:
        InputError: there are not two modalities, or they have no such names.
    """

    def __init__(
        self,
        modalities: dict[str, dict],
        head: dict,
        intra_weight: float = 1.0,
        order: list[str] | None = None,
        data_preprocessor: dict | None = None,
        **shared,
    ) -> None:
        if len(modalities) != 2 or not all(name.isidentifier() for name in modalities):
            raise InputError(
                f'model.modalities has {", ".join(map(str, modalities)) or "none"}: give two, each '
                'with a name of letters, digits and underscores.'
            )
        if order is not None and sorted(order) != sorted(modalities):
            raise InputError(f'model.order={order} are not the names {", ".join(modalities)}.')
        super().__init__(data_preprocessor=data_preprocessor)
        own = dict(type='mmbarlow.BarlowTwins') | shared
        self.modalities = ModuleDict(
            {name: MODELS.build(own | modalities[name]) for name in order or modalities}
        )
        self.head = MODELS.build(head)
        self.intra_weight = intra_weight

    def forward(
        self, inputs: list[Tensor], data_samples: list | None = None, mode: str = 'tensor'
    ) -> dict[str, Tensor]:
        """The terms of the loss, which MMEngine sums; the one mode is 'loss'.

        Args:
            inputs: views of the first modality and as many of the second, (n, C, H, W) each, where
                C is that of the modality: one or two of each.
            data_samples: not used; MMEngine passes them.
            mode: 'loss'.

        Raises:
            InputError: another mode, another number of views, a batch of 1, channels that a
                backbone does not take.
        """
        if mode != 'loss' or not isinstance(inputs, list) or len(inputs) not in (2, 4):
            found = f'{len(inputs)} views' if isinstance(inputs, list) else 'no list of views'
            raise InputError(
                f"mode {mode!r} with {found}: TwoModalityBarlowTwins has the mode 'loss', which "
                'takes one or two views of each image of a pair (mmbarlow.PairedViews makes '
                'them); for features, load one of its exported backbones.'
            )
        each, parts, firsts = len(inputs) // 2, {}, []
        for place, (name, twins) in enumerate(self.modalities.items()):
            assert isinstance(twins, BarlowTwins)
            z = self._embed(twins, inputs[place * each : (place + 1) * each])
            firsts.append(z[0])
            if each == 2:
                for term, value in twins.head.loss(*z).items():
                    parts[term.replace('loss', f'loss_{name}', 1)] = self.intra_weight * value
        return self.head.loss(*firsts) | parts

    def _embed(self, twins: BarlowTwins, views: list[Tensor]) -> tuple[Tensor, ...]:
        """Embeddings (n, D) of each of the views of one modality."""
        made = twins.data_preprocessor(dict(inputs=views, data_samples=None), training=True)
        views = made['inputs']
        twins.check_views((views * 2)[:2])
        return twins.embed_views(views)
