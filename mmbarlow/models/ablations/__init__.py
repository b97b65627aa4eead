"""The paper's ablations of the loss (tables 5 and 6): a head each."""

from .asymmetric_head import AsymmetricHead as AsymmetricHead
from .cross_covariance_head import CrossCovarianceHead as CrossCovarianceHead
from .cross_entropy_head import CrossEntropyHead as CrossEntropyHead
from .feature_norm_head import FeatureNormHead as FeatureNormHead
from .redundancy_head import RedundancyHead as RedundancyHead
