import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax
from sklearn.metrics import log_loss

from mmbarlow.evaluation.calibration import BINS, calibration


@pytest.fixture
def answers() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(500, 7, generator=generator)
    return logits, (logits + 2 * torch.randn(500, 7, generator=generator)).argmax(1)


def test_the_expected_calibration_error_is_that_of_the_formula(answers):
    logits, labels = answers
    p = softmax(logits.numpy().astype(np.float64), 1)
    confidence, right = p.max(1), p.argmax(1) == labels.numpy()
    gaps = 0.0
    for low in range(15):  # Guo et al., equation 3: bins (low / 15, (low + 1) / 15]
        inside = (confidence > low / 15) & (confidence <= (low + 1) / 15)
        if inside.any():
            gaps += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    metrics, found = calibration(logits, labels)
    assert metrics['ece'] == pytest.approx(100 * gaps, abs=1e-10)
    assert len(found.share) == BINS
    assert found.share.sum().item() == pytest.approx(1)
    assert (found.share * found.accuracy).sum().item() == pytest.approx(right.mean())


def test_likelihood_and_brier_score_are_those_of_other_programs(answers):
    logits, labels = answers
    x, y = logits.numpy().astype(np.float64), labels.numpy()
    metrics, _ = calibration(logits, labels)
    assert metrics['loss_nll'] == pytest.approx(log_loss(y, softmax(x, 1)), abs=1e-10)
    assert metrics['loss_nll'] == pytest.approx(-log_softmax(x, 1)[range(500), y].mean(), abs=1e-10)
    squares = (softmax(x, 1) - np.eye(7)[y]) ** 2
    assert metrics['brier'] == pytest.approx(squares.sum(1).mean(), abs=1e-10)


def test_whoever_is_sure_and_right_has_no_error_and_whoever_is_wrong_has_all():
    sure = torch.eye(4) * 1000
    right, _ = calibration(sure, torch.arange(4))
    assert right == dict(ece=0, brier=0, loss_nll=pytest.approx(0))
    wrong, _ = calibration(sure, torch.arange(4).roll(1))
    assert wrong['ece'] == pytest.approx(100)
    assert wrong['brier'] == pytest.approx(2)
    assert np.isfinite(wrong['loss_nll'])  # of a probability of 0


def test_a_class_that_training_did_not_see_has_the_probability_zero():
    logits = torch.tensor([[1.0, -torch.inf], [2.0, -torch.inf]])
    metrics, _ = calibration(logits, torch.tensor([0, 0]))
    assert metrics['ece'] == 0
