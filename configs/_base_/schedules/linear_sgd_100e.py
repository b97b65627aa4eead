# solo-learn's offline linear probe: SGD 0.1 for a batch of 256, no weight decay, divided by ten
# after epochs 60 and 80 of 100. It is what to compare with published numbers; the suites without `-sgd`
# are a quick probe on features extracted once.
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=0.0)
)
param_scheduler = dict(type='MultiStepLR', milestones=[60, 80], gamma=0.1)
train_cfg = dict(by_epoch=True, max_epochs=100)
