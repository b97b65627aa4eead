"""The names that configs use; MMEngine imports this module when it looks one of them up."""

from .feature_loop import FeatureLoop as FeatureLoop
from .few_label import FewLabelKNN as FewLabelKNN
from .frozen_hook import FrozenHook as FrozenHook
from .knn import KNN as KNN
from .linear import LinearProbe as LinearProbe
from .multi_head.multi_head_accuracy import MultiHeadAccuracy as MultiHeadAccuracy
from .multi_head.multi_linear_head import MultiLinearHead as MultiLinearHead
from .multi_head.multi_pooling import MultiPooling as MultiPooling
from .multi_head.stem_resnet import StemResNet as StemResNet
from .svm.cross_validated_svm import SVM as SVM
from .svm.lowshot import LowShotSVM as LowShotSVM
