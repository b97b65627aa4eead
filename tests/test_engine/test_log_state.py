"""What the log keeps of the values of a run."""

from types import SimpleNamespace

import pytest
from mmengine.logging import MessageHub
from mmengine.runner import LogProcessor

from mmbarlow.engine.log_state import forget_old_values


@pytest.mark.parametrize(('window', 'kept'), [(30, 30), ('global', 200)])
def test_the_log_keeps_what_it_averages_over_and_no_more(window, kept):
    hub = MessageHub(f'kept_{window}')
    mean = dict(data_src='loss', method_name='mean', window_size=window)
    runner = SimpleNamespace(
        message_hub=hub, log_processor=LogProcessor(window_size=10, custom_cfg=[mean])
    )
    for step in range(200):
        hub.update_scalar('train/loss', step)
        hub.update_scalar('val/time', step)
        if step % 100 == 0:
            forget_old_values(runner)
    assert hub.get_scalar('train/loss').data[0].tolist() == list(range(200 - kept, 200))
    assert len(hub.get_scalar('val/time').data[0]) == 200
