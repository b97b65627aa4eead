"""Barlow Twins in one file, with the numbers of https://github.com/facebookresearch/barlowtwins.

    python examples/barlow_twins_one_file.py --data FOLDER --epochs 3    # {train,test}/CLASS/*.jpg
    python examples/barlow_twins_one_file.py                             # CIFAR-10, for a GPU

On CIFAR-10 as folders, `--epochs 3 --width 512` took 16 minutes on two busy cores and printed
`step 550 of 585: loss 181.7` and `kNN: 35.7 %`; untrained 22.1 % (2026-11-27). Labels are for kNN
alone: without FOLDER/test, kNN is left out, and all images in folders of FOLDER are learned from.
"""

import argparse
import math
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, StackDataset
from torchvision import datasets, models
from torchvision import transforms as T

DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'
TO_TENSOR = [T.ToTensor(), T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]


def view(size, blur, solarize):
    """A random transform of images to (3, size, size); `blur` and `solarize` are probabilities."""
    steps = [
        T.RandomResizedCrop(size, interpolation=T.InterpolationMode.BICUBIC),
        T.RandomHorizontalFlip(0.5),
        T.RandomApply([T.ColorJitter(0.4, 0.4, 0.2, 0.1)], 0.8),
        T.RandomGrayscale(0.2),
        T.RandomApply([T.GaussianBlur(23, (0.1, 2.0))], blur if size > 64 else 0.0),
        T.RandomSolarize(128, solarize),
    ]
    return T.Compose(steps + TO_TENSOR)


def network(width):
    """`backbone`: images (n, 3, H, W) to features (n, 512); `projector`: to embeddings (n, D)."""
    backbone = models.resnet18(zero_init_residual=True)
    backbone.fc = nn.Identity()
    layers = []
    for inputs in (512, width):
        layers += [nn.Linear(inputs, width, bias=False), nn.BatchNorm1d(width), nn.ReLU()]
    projector = nn.Sequential(*layers, nn.Linear(width, width, bias=False))
    return nn.ModuleDict(dict(backbone=backbone, projector=projector)).to(DEVICE)


def barlow_twins_loss(z_a, z_b, lambd=0.0051):
    """Of embeddings (N, D) of two views: how far their cross-correlation is from the identity."""
    a_ND, b_ND = ((z - z.mean(0)) / (z.var(0, correction=0) + 1e-5).sqrt() for z in (z_a, z_b))
    c_DD = a_ND.T @ b_ND / len(a_ND)
    invariance = (1 - c_DD.diagonal()).square().sum()
    redundancy = (c_DD - c_DD.diagonal().diag()).square().sum()
    return invariance + lambd * redundancy


class LARS(torch.optim.Optimizer):
    """Momentum, with each weight's gradient scaled to `eta` times the norm of the weight."""

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group['params']:
                update = p.grad
                if p.ndim > 1:  # not for biases and BN
                    update = update + group['weight_decay'] * p
                    scale = group['eta'] * p.norm() / update.norm()
                    update = update * torch.where((scale > 0) & scale.isfinite(), scale, 1.0)
                momentum = self.state[p].setdefault('momentum', torch.zeros_like(p))
                p.sub_(group['lr'] * momentum.mul_(group['momentum']).add_(update))


def learning_rate(step, steps, warmup):
    """Relative to its peak: from 0 to 1 in `warmup` steps, then along a cosine to 0.001."""
    if step < warmup:
        return step / warmup
    return 0.001 + 0.999 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2


def train(net, loader, epochs):
    """Yields the loss and the learning rates of each step."""
    steps, warmup = epochs * len(loader), min(10, epochs / 10) * len(loader)
    weights = dict(params=[p for p in net.parameters() if p.ndim > 1], peak=0.2)
    # Published as 0.0048 for a gradient divided by the number of GPUs (8); ours is not divided.
    others = dict(params=[p for p in net.parameters() if p.ndim == 1], peak=0.0048 / 8)
    optimizer = LARS([weights, others], dict(momentum=0.9, weight_decay=1e-6, eta=0.001))
    net.train()
    for step, ((view_a, _), (view_b, _)) in enumerate(p for _ in range(epochs) for p in loader):
        for group in optimizer.param_groups:
            group['lr'] = group['peak'] * len(view_a) / 256 * learning_rate(step, steps, warmup)
        with torch.autocast(DEVICE, torch.bfloat16, enabled=DEVICE == 'cuda'):
            # One view after the other: each BN layer sees each view by itself.
            z_a, z_b = (net.projector(net.backbone(x.to(DEVICE))) for x in (view_a, view_b))
        loss = barlow_twins_loss(z_a.float(), z_b.float())  # in bf16, (1 - C_ii)^2 is noise
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item(), [group['lr'] for group in optimizer.param_groups]


@torch.no_grad()
def features(backbone, loader):
    """Features (N, C) divided by their norms, and labels (N,)."""
    backbone.eval()
    parts = [(nn.functional.normalize(backbone(x.to(DEVICE))), y.to(DEVICE)) for x, y in loader]
    return map(torch.cat, zip(*parts, strict=True))


def knn(bank_NC, labels_N, queries_MC, k=200):
    """Classes of the queries: the k nearest in the bank vote with weights exp(cosine / 0.07)."""
    cosine_MK, nearest_MK = (queries_MC @ bank_NC.T).topk(min(k, len(bank_NC)))
    votes = torch.zeros(len(queries_MC), int(labels_N.max()) + 1, device=DEVICE)
    return votes.scatter_add_(1, labels_N[nearest_MK], (cosine_MK / 0.07).exp()).argmax(1)


def images(data, split, transform):
    if data == 'cifar10':
        return datasets.CIFAR10('data', split == 'train', transform, download=True)
    return datasets.ImageFolder(Path(data, split), transform)


def main(data, epochs, batch, size, width):
    labeled = data == 'cifar10' or Path(data, 'test').is_dir()
    view_a, view_b = view(size, blur=1.0, solarize=0.0), view(size, blur=0.1, solarize=0.2)
    pairs = StackDataset(*(images(data, 'train' if labeled else '', v) for v in (view_a, view_b)))
    loader = DataLoader(pairs, batch, shuffle=True, num_workers=2, drop_last=True)
    if min(epochs * len(loader), width) < 1:
        raise ValueError(f'no step: {len(pairs)} images, batch {batch}, epochs {epochs}, D {width}')
    net = network(width)
    for step, (loss, _) in enumerate(train(net, loader, epochs), 1):
        if step % 50 == 0:
            print(f'step {step} of {epochs * len(loader)}: loss {loss:.1f}', flush=True)
    torch.save(net.backbone.state_dict(), 'barlow_twins_resnet18.pth')
    if labeled:
        plain = T.Compose([T.Resize(size), T.CenterCrop(size), *TO_TENSOR])
        bank, test = (DataLoader(images(data, s, plain), 256) for s in ('train', 'test'))
        queries, labels = features(net.backbone, test)
        right = knn(*features(net.backbone, bank), queries) == labels
    print(f'kNN: {100 * right.float().mean():.1f} %' if labeled else f'no kNN without {data}/test')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in dict(data='cifar10', epochs=100, batch=256, size=32, width=2048).items():
        parser.add_argument(f'--{name}', type=type(value), default=value)
    try:
        main(**vars(parser.parse_args()))
    except (OSError, ValueError) as error:  # a worker's is a traceback, and ends with the sentence
        parser.exit(2, f'error: {str(error).splitlines()[-1].split("Error: ")[-1]}\n')
