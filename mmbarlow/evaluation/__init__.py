"""Protocols that judge frozen features: `protocol(train, test)` returns percent by name."""

from . import few_label as few_label
from . import knn as knn
from . import linear as linear
from . import lowshot as lowshot
from . import multi_head_accuracy as multi_head_accuracy
from . import svm as svm
