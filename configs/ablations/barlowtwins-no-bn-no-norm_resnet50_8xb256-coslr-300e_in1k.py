"""Ablation: no BN in the projector, covariance instead of correlation.

    tools/dist_train.sh configs/ablations/barlowtwins-no-bn-no-norm_resnet50_8xb256-coslr-300e_in1k.py 8 --amp

Data, hardware and hours as for the parent. Not run here yet.
Expected: linear 53.4 / 76.7 (paper, table 5, no BN in MLP + no normalisation).
The parent: 71.4 / 90.2.
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'

model = dict(neck=dict(norm=False), head=dict(type='mmbarlow.CrossCovarianceHead'))
