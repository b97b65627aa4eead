"""Linear SVMs on VOC07: mean average precision of 20 classes, the costs by cross-validation.

python tools/benchmark.py CHECKPOINT --suite svm_voc07 --cfg-options data_root=FOLDER

Paper, table 3: 86.2 (1000 epochs; layer and crop not stated). A third party measured 86.83 with
the released weights, the pooled last layer and a center crop (facebookresearch/barlowtwins#32).

VISSL's protocol (config/benchmark/.../eval_resnet_8gpu_transfer_voc07_svm.yaml), in which the
sources differ:
- layer: the last one, averaged over space (2048), as the third party; it is what the other
  benchmarks measure. VISSL reports the best of conv1 to res5 pooled to about 9000 numbers,
  MMSelfSup has feat5 (8192).
- image: Resize 256, Resize (224, 224), as VISSL and MMSelfSup. The third party has CenterCrop 224.
- costs: VISSL's 11. MMSelfSup's are [1, 10, 100, *(0.5**n for n in range(4, 20))].
- AP: area under the interpolated curve, as both; VOC 2007's own rule is ap='11points'.
"""

_base_ = '../../_base_/datasets/voc07.py'
test_evaluator = dict(type='mmbarlow.SVM')
