# The official optimizer and schedule, for a global batch of 2048.
optim_wrapper = dict(
    type='OptimWrapper',
    # 0.2 x 2048 / 256; the paper's text has a weight decay of 1.5e-6, its code 1e-6
    optimizer=dict(type='mmbarlow.LARS', lr=1.6, momentum=0.9, weight_decay=1e-6),
    constructor='mmbarlow.NdimParamGroups',
    # 0.0048 x 2048 / 256 = 0.0384 is published for biases and BN, but it belongs to the gradient
    # of the code it was tuned with, 1 / (number of GPUs) of the true one. LARS hides that factor
    # for weights only. Our gradient is exact: what MMSelfSup ran on 8 GPUs has
    # 0.0384 / 8 here; the official README's 1000 epochs, on 16, have 0.0024.
    paramwise_cfg=dict(bias_lr=0.0048),
)
# 0.001 of its own rate for each group: MMSelfSup's absolute eta_min=0.0016 leaves biases and BN
# 42 times too high at the end.
param_scheduler = dict(
    type='mmbarlow.WarmupCosineLR', warmup=10, eta_min_ratio=0.001, convert_to_iter_based=True
)
train_cfg = dict(by_epoch=True, max_epochs=300)
