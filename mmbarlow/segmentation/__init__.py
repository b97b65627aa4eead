"""Semantic segmentation with mmseg, which nothing outside of this folder imports."""
