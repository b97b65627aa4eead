# ImageNet-1k with lists: meta/train.txt and meta/val.txt have 'path label' a line, the paths start
# from train/ and val/.
_base_ = 'imagenet.py'


def listed(split):
    return dict(dataset=dict(ann_file=f'meta/{split}.txt'))


train_dataloader = listed('train')
test_dataloader = listed('val')
test_cfg = dict(bank_dataloader=listed('train'))
