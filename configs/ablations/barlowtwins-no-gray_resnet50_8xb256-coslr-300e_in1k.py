"""Views with no grayscale. Expected: up to 25 points under the parent (axis of figure 3 of the paper; no points printed).

tools/dist_train.sh configs/ablations/barlowtwins-no-gray_resnet50_8xb256-coslr-300e_in1k.py 8 --amp
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
views, pack = _base_.train_dataloader.dataset.pipeline
views = dict(views, view_a=dict(blur=1.0, gray=0.0), view_b=dict(blur=0.1, solarize=0.2, gray=0.0))
train_dataloader = dict(dataset=dict(pipeline=[views, pack]))
del views, pack
