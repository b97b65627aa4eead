"""kNN on ImageNet, k = 10, 20, 100, 200, T = 0.07: MMSelfSup's benchmark, the protocol of DINO.

    python tools/benchmark.py CHECKPOINT --suite knn_imagenet

A bank of 1.28 million images, 10 GB of features for a ResNet-50. Needs data/imagenet/{train,val}.
Expected after 300 epochs of pretraining: 63.6, 63.8, 62.7, 61.9 (MMSelfSup 0.x). Not run here yet.
"""

_base_ = '../../_base_/datasets/imagenet.py'
test_evaluator = dict(k=[10, 20, 100, 200], temperature=0.07)
