"""Detection and segmentation with mmdet, which nothing outside of this folder imports."""
