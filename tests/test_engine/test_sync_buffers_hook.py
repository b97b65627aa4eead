from types import SimpleNamespace

from torch import nn

from mmbarlow.engine.sync_buffers_hook import SyncTrainedBuffersHook


def test_only_what_is_trained_is_averaged_over_processes(monkeypatch):
    averaged = []
    monkeypatch.setattr(
        'mmbarlow.engine.sync_buffers_hook.all_reduce_params',
        lambda buffers, op: averaged.extend(map(id, buffers)),
    )
    frozen, head = nn.BatchNorm2d(4).eval(), nn.BatchNorm1d(4)
    model = nn.ModuleDict(dict(backbone=frozen, head=head))
    SyncTrainedBuffersHook().after_train_epoch(SimpleNamespace(model=model))
    assert averaged == [id(head.running_mean), id(head.running_var)]
