"""The order of the channels of four neighboring patches, which a Swin transformer merges."""

from torch import Tensor


def merged_in_order(name: str, tensor: Tensor) -> Tensor:
    """A tensor of mmpretrain's Swin in the order of Microsoft's, torchvision's and timm's.

    mmpretrain's `nn.Unfold` has the four patches of a channel side by side, in rows; the others
    have the channels of a patch side by side, and the patches in columns.
    """
    if not name.endswith(('downsample.reduction.weight', 'downsample.norm.weight',
                          'downsample.norm.bias')):  # fmt: skip
        return tensor
    parts = tensor.unflatten(-1, (-1, 2, 2))  # (..., C, row, column)
    return parts.permute(*range(tensor.ndim - 1), -1, -2, -3).flatten(-3)
