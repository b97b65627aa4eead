"""The early signs of failure, as data: what is looked at, from which value on, and what to do.

Each threshold lies between what broken and what healthy runs have: docs/dashboard.md has the runs
and both ranges. To add a rule is to add an entry here; a value comes from `failure_signs.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import nan
from statistics import fmean


@dataclass(frozen=True)
class FailureRule:
    """One early sign of failure.

    Attributes:
        name: in the log and in the docs.
        above, below: values by name with their limits; the sign is there where all are beyond, in
            the mean over the last measurements, since those of single batches scatter. A value
            that one of them does not have is never beyond its limit.
        sentence: what the log says, with values and settings in braces.
        patience: how many measurements these are.
        after, before: shares of the run between which all of them must lie.
    """

    name: str
    sentence: str
    above: Mapping[str, float] = field(default_factory=dict)
    below: Mapping[str, float] = field(default_factory=dict)
    patience: int = 3
    after: float = 0.0
    before: float = 1.0

    def holds(self, measured: Sequence[tuple[float, Mapping[str, float]]]) -> bool:
        """Whether the run has the sign, by its measurements so far: shares of the run, values."""
        last = measured[-self.patience :]
        if len(last) < self.patience or not all(
            self.after <= share <= self.before for share, _ in last
        ):
            return False

        def mean(name: str) -> float:
            return fmean(signs.get(name, nan) for _, signs in last)

        return all(mean(name) > limit for name, limit in self.above.items()) and all(
            mean(name) < limit for name, limit in self.below.items()
        )


RULES = (
    FailureRule(
        'nothing is trained',
        'the learning rate of all parameters is 0: set optim_wrapper.optimizer.lr from {rate:g} to '
        'about 1e-3 with AdamW, or to 0.2 for each 256 images with LARS.',
        below=dict(trained=0.001),
        patience=2,
    ),
    FailureRule(
        'frozen backbone',
        'no more than {backbone_trained:.0%} of the backbone is trained, so that the projector '
        'alone learns, which is thrown away: set model.backbone.frozen_stages to -1, and take '
        'lr_mult=0 out of optim_wrapper.paramwise_cfg.',
        below=dict(backbone_trained=0.05),
        above=dict(trained=0.001),
        patience=2,
    ),
    FailureRule(
        'views alike',
        'both views of an image have had one embedding from the beginning (mean C_ii '
        '{diagonal:.3f}), so that the loss falls and nothing is learned: the augmentation is off. '
        'Look at the views with tools/browse_views.py, and set {views}.crop_scale from '
        '{crop_scale} to about (0.2, 1.0) and jitter to 0.8; the other view likewise.',
        above=dict(diagonal=0.9),
        before=0.15,
    ),
    FailureRule(
        'inputs vanish',
        'the normalized views have a deviation of {input_scale:.2g} where it should be about 1, so '
        'that images hardly differ: set model.data_preprocessor.std from {std} to that of the '
        'images in their own unit, 58.4, 57.1, 57.4 for 8-bit photographs.',
        below=dict(input_scale=0.05),
        patience=2,
    ),
    FailureRule(
        'inputs too large',
        'the normalized views have a deviation of {input_scale:.3g} where it should be about 1, so '
        'that activations saturate: set model.data_preprocessor.mean and .std from {std} to those '
        'of the images in their own unit, std 58.4, 57.1, 57.4 for 8-bit photographs.',
        above=dict(input_scale=20.0),
        patience=2,
    ),
    FailureRule(
        'loss above D',
        'the loss is {loss_over_chance:.2f} times that of two views without anything in common, '
        'which is D = {width} and what the batch of {batch} adds by chance: nothing is learned. '
        'Look at the views with tools/browse_views.py, and raise {views}.crop_scale from '
        '{crop_scale} to about (0.2, 1.0) if they show different things; keep model.head.lambd, '
        'which is {lambd:g}, near 0.0051; and set another optim_wrapper.optimizer.lr than '
        '{rate:g}: higher if the loss stands, lower if it jumps.',
        above=dict(loss_over_chance=0.75, backbone_trained=0.05),
        below=dict(diagonal=0.075),
        patience=4,
        after=0.2,
    ),
    FailureRule(
        'batch too small',
        'with a batch of {batch} the loss cannot go under {floor:.0f}, {floor_share:.0%} of D = '
        '{width}, whatever is learned: set train_dataloader.batch_size from {batch} to at least '
        '{width} / 32 (model.chunk_size keeps the memory), or model.neck.out_channels and '
        'model.head.in_channels from {width} to a quarter of it.',
        above=dict(floor_share=0.35),
        patience=2,
    ),
    FailureRule(
        'collapse',
        'the embeddings of all images are nearly alike: RankMe is {rankme:.1f}, {rank_share:.1%} '
        'of what the batch allows. Set optim_wrapper.optimizer.lr from {rate:g} to about a tenth '
        'of it, and give the projector its BN back (model.neck.norm=True).',
        below=dict(rankme=2.0, rank_share=0.25),
    ),
    FailureRule(
        'rank collapse',
        'the views agree ever more (mean C_ii {diagonal:.2f}) because all dimensions say the same: '
        'C_ij is {sameness:.0%} of C_ii, RankMe is {rankme:.1f} of {width} dimensions, and the '
        'redundancy term is {redundancy_share:.2%} of the loss. Set model.head.lambd from '
        '{lambd:g} to about 0.0051.',
        above=dict(sameness=0.85, diagonal=0.2),
        below=dict(redundancy_share=0.003),
    ),
    FailureRule(
        'weights shrink',
        'the weights are at {weight_norm_growth:.0%} of their start, and the embeddings of all '
        'images collapse with them: set optim_wrapper.optimizer.weight_decay from '
        '{weight_decay:g} to about 1e-4 with AdamW, 1e-6 with LARS.',
        below=dict(weight_norm_growth=0.7),
    ),
    FailureRule(
        'biases too fast',
        'the weights are at {weight_norm_growth:.1f} times their start, and biases and BN have '
        '{lars_bias_ratio:.2g} of the rate of the weights without the scaling of LARS: set '
        'optim_wrapper.constructor to mmbarlow.NdimParamGroups and '
        'optim_wrapper.paramwise_cfg.bias_lr from {bias_rate:g} to about 0.003 of '
        'optim_wrapper.optimizer.lr (the official 0.024 is for a gradient divided by the number '
        'of GPUs).',
        above=dict(weight_norm_growth=1.5, lars_bias_ratio=0.01),
    ),
    FailureRule(
        'dead dimensions',
        '{dead:.0f} of {width} dimensions are the same for all images, and no gradient revives '
        'them: lower optim_wrapper.optimizer.lr from {rate:g} to about a tenth of it, and give '
        'the projector its BN back (model.neck.norm=True).',
        above=dict(dead_share=0.05),
    ),
)
PATIENCE = max(rule.patience for rule in RULES)
