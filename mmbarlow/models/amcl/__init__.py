"""Adaptive multi-head contrastive learning for Barlow Twins (Wang et al., ECCV 2024)."""
