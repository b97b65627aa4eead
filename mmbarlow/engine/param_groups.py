"""Which parameters get LARS and weight decay, and which get their own learning rate."""

from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS, OPTIMIZERS
from torch import Tensor, nn

from mmbarlow.errors import InputError
from mmbarlow.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class NdimParamGroups:
    """Two groups: weights, and what is added to activations or scales them (biases, norms).

    As in the official code, `ndim` tells them apart and not names: MMSelfSup's list of substrings
    (`bn`, `bias`, `downsample.1`) misses the BN layers of a projector built as a `Sequential`.
    What vision transformers add is in the second group too (`is_added`). That group has no weight
    decay and the learning rate `paramwise_cfg['bias_lr']`, by default the rate of the weights.

    Args:
        optim_wrapper_cfg: config of the wrapper, with the optimizer's under `optimizer`.
        paramwise_cfg: `dict(bias_lr=...)` or nothing.

    Raises:
        InputError: `paramwise_cfg` has another key.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        self.wrapper_cfg = dict(optim_wrapper_cfg)
        self.optimizer_cfg = dict(self.wrapper_cfg.pop('optimizer'))
        paramwise_cfg = dict(paramwise_cfg or {})
        self.bias_lr = paramwise_cfg.pop('bias_lr', self.optimizer_cfg['lr'])
        if paramwise_cfg:
            raise InputError(
                f'unknown key {sorted(paramwise_cfg)} in optim_wrapper.paramwise_cfg: '
                'mmbarlow.NdimParamGroups takes only bias_lr.'
            )

    def __call__(self, model: nn.Module) -> OptimWrapper:
        params = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        groups = [
            dict(params=[p for name, p in params if not is_added(name, p)]),
            dict(
                params=[p for name, p in params if is_added(name, p)],
                lr=self.bias_lr,
                weight_decay=0.0,
            ),
        ]
        optimizer = OPTIMIZERS.build({**self.optimizer_cfg, 'params': groups})
        return OPTIM_WRAPPERS.build(
            {'type': 'OptimWrapper', **self.wrapper_cfg}, default_args=dict(optimizer=optimizer)
        )


def is_added(name: str, parameter: Tensor) -> bool:
    """Whether a parameter is no weight of a product: it has one dimension, or is that of tokens.

    Class and other tokens and embeddings of positions, (1, L, C), do not decay in DeiT
    (https://arxiv.org/abs/2012.12877), nor do Swin's tables of relative positions; timm names them
    by `no_weight_decay()`.
    """
    tokens = parameter.ndim == 3 and len(parameter) == 1
    return parameter.ndim <= 1 or tokens or name.endswith('relative_position_bias_table')
