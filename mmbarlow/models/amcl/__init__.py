"""Adaptive multi-head contrastive learning for Barlow Twins (Wang et al., ECCV 2024)."""

from .adaptive_multi_head import AdaptiveMultiHead as AdaptiveMultiHead
from .multi_head_neck import MultiHeadNeck as MultiHeadNeck
from .pair_temperature import PairTemperature as PairTemperature
