# PIRL's linear classifiers on other data, which the paper took over (section C.1), as VISSL runs
# them: batch 256.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4, nesterov=True),
)
