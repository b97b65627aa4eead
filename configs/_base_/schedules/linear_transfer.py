# PIRL's linear classifiers on other data, which the paper took over (section C.1), as VISSL runs
# them: batch 256; weights and biases of the linear layers decay, those of BN do not. The rate belongs
# to a classifier that begins with BN (vissl_linear_resnet50.py).
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4, nesterov=True),
    paramwise_cfg=dict(norm_decay_mult=0.0),
)
