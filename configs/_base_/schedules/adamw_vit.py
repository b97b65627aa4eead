# Vision transformers: AdamW, 5e-4 for a batch of 256, without weight decay for biases, norms, tokens and
# positions; 10 epochs of warm-up, cosine to 0.001 of the rate. docs/vit.md has source and reason.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=5e-4, betas=(0.9, 0.95), weight_decay=0.05),
    constructor='mmbarlow.NdimParamGroups',
)
param_scheduler = dict(
    type='mmbarlow.WarmupCosineLR', warmup=10, eta_min_ratio=0.001, convert_to_iter_based=True
)
train_cfg = dict(by_epoch=True, max_epochs=300)
