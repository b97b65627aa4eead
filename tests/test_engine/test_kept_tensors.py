"""What a forward pass moves is put back bit for bit: statistics, queues, momentum encoders."""

import pytest
import torch
from mmengine.model import ExponentialMovingAverage
from torch import nn

from mmbarlow.engine import kept_tensors
from mmbarlow.engine.kept_tensors import KeptTensors


class Moco(nn.Module):
    """The parts of MoCo that no optimizer moves."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
        self.averaged = ExponentialMovingAverage(self.encoder, 0.5)
        self.averaged.to(memory_format=torch.channels_last)
        self.register_buffer('queue', torch.randn(4, 8))
        self.register_buffer('place', torch.zeros(1, dtype=torch.long))

    def forward(self, x):
        self.averaged.update_parameters(self.encoder)
        self.queue = self.queue.roll(1, 1) * float('nan')  # another tensor
        self.place += 1
        return self.encoder(x)


@pytest.mark.parametrize('mask', [None, 1.0, 0.0])
@pytest.mark.parametrize('piece', [2**22, 10])
def test_all_is_put_back_unless_the_mask_is_zero(mask, piece, monkeypatch):
    monkeypatch.setattr(kept_tensors, 'PIECE', piece)
    model = Moco()
    kept = KeptTensors(model, [model.averaged])
    before = {k: v.clone() for k, v in model.state_dict().items()}
    kept.save()
    with torch.no_grad():
        model.encoder[0].weight += 1  # an optimizer's, and not kept
    model(torch.randn(2, 3, 8, 8))
    moved = {k: v.clone() for k, v in model.state_dict().items()}
    kept.restore(None if mask is None else torch.tensor(mask))
    wanted = moved if mask == 0 else before | {'encoder.0.weight': moved['encoder.0.weight']}
    found = model.state_dict()
    assert all(torch.equal(wanted[k].nan_to_num(7.0), found[k].nan_to_num(7.0)) for k in found)
    assert not torch.equal(moved['averaged.module.0.weight'], before['averaged.module.0.weight'])
