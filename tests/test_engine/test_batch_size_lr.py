"""The rule for the learning rate, against its table and the configs that use it."""

import re
from pathlib import Path

import pytest

from mmbarlow.config import load_config
from mmbarlow.engine.batch_size_lr import learning_rates, use_learning_rates
from mmbarlow.errors import InputError

CONFIGS = Path(__file__).parents[2] / 'configs'
# Issue 7 of the official code: rate before x batch / 256, of 300 epochs.
PUBLISHED = {128: 0.7, 256: 0.4, 512: 0.3, 1024: 0.25, 2048: 0.2, 4096: 0.2}
IN1K = CONFIGS / 'barlowtwins' / 'barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'


@pytest.mark.parametrize(('batch', 'factor'), PUBLISHED.items())
def test_a_batch_of_the_table_has_its_rate_and_the_config_of_it_too(batch, factor):
    weights, biases = learning_rates(batch)
    assert weights == pytest.approx(factor * batch / 256)
    # the published 0.0384 of 2048 images, over the 8 GPUs that it was run on, per weight rate 1.6
    assert biases == pytest.approx(weights * 0.0384 / 8 / 1.6)

    (path,) = CONFIGS.glob(f'*/barlowtwins_resnet50_8xb{batch // 8}-coslr-300e_in1k.py')
    cfg = load_config(path)
    assert cfg.train_dataloader.batch_size * 8 == batch
    assert cfg.optim_wrapper.optimizer.lr == pytest.approx(weights)
    assert cfg.optim_wrapper.paramwise_cfg.bias_lr == pytest.approx(biases)


def test_between_two_batches_the_factor_is_in_the_middle_on_a_log_scale():
    weights, _ = learning_rates(362)  # 2^8.5
    assert weights * 256 / 362 == pytest.approx((0.4 + 0.3) / 2, rel=1e-3)
    assert learning_rates(3000)[0] == pytest.approx(0.2 * 3000 / 256)


@pytest.mark.parametrize('batch', [64, 127, 4097, 8192])
def test_a_batch_without_data_is_refused(batch):
    with pytest.raises(InputError, match=f'no data for batch {batch}: .* 128 to 4096') as raised:
        learning_rates(batch)
    assert "author's guess for 64 is 1.0" in str(raised.value)


@pytest.mark.parametrize(('grad', 'share'), [('exact', 1), ('official', 4)])
def test_the_batch_is_that_of_all_processes_and_the_bias_rate_fits_the_gradient(grad, share):
    cfg = load_config(IN1K, {'train_dataloader.batch_size': 64, 'model.head.grad': grad})
    use_learning_rates(cfg, processes=4)
    assert cfg.optim_wrapper.optimizer.lr == pytest.approx(0.4)
    assert cfg.optim_wrapper.paramwise_cfg.bias_lr == pytest.approx(0.0012 * share)


def test_another_optimizer_or_model_has_no_such_rates(digits_config):
    with pytest.raises(InputError, match=r'those of Barlow Twins with mmbarlow\.LARS; .* AdamW'):
        use_learning_rates(load_config(digits_config), processes=1)
    cfg = load_config(IN1K, {'model.type': 'mmbarlow.Supervised'})
    with pytest.raises(InputError, match=r'for mmbarlow\.Supervised'):
        use_learning_rates(cfg, processes=8)


def test_train_py_takes_the_rates_on_demand_and_refuses_a_batch_without_data(
    run_tool, digits_config, small, tmp_path
):
    command = ['train.py', digits_config, '--auto-scale-lr', '--work-dir', tmp_path]
    command += ['--cfg-options', *small, 'optim_wrapper.optimizer.type=mmbarlow.LARS']
    status, _, err = run_tool(*command)
    assert status == 2
    assert 'error: no data for batch 16: ' in err
    assert not list(tmp_path.iterdir())

    status, _, err = run_tool(
        *command, 'train_dataloader.batch_size=128', 'train_dataloader.dataset.indices=128'
    )
    assert status == 0, err
    (log,) = tmp_path.glob('*/vis_data/config.py')
    assert re.search(r'\blr=0\.35\b', log.read_text())
    assert re.search(r'bias_lr=0\.00105', log.read_text())
