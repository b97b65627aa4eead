# mmseg's schedule of 20,000 iterations: SGD with rate 0.01 for 16 images (8 of Cityscapes), momentum
# 0.9 and weight decay 5e-4, the rate falling to 1e-4 with the power 0.9 of what is left.
train_cfg = dict(type='IterBasedTrainLoop', max_iters=20000, val_interval=2000)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4),
)
param_scheduler = [dict(type='PolyLR', eta_min=1e-4, power=0.9, end=20000, by_epoch=False)]
