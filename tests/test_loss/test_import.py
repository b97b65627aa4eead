"""What a stranger's project needs to use the loss: torch, and nothing else."""

import subprocess
import sys

import pytest

OTHERS = (
    *('mmengine', 'mmcv', 'mmpretrain', 'mmdet', 'torchvision', 'cv2', 'PIL', 'sklearn'),
    *('scipy', 'matplotlib', 'safetensors', 'simplejpeg', 'joblib', 'rich'),
)
STEPS = """
import sys, time
for name in {others}:
    sys.modules[name] = None  # an import of it is an ImportError
import torch
start = time.perf_counter()
from mmbarlow.loss import BarlowTwinsLoss, barlow_twins_loss
print(time.perf_counter() - start)
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 8))
optimizer, criterion = torch.optim.SGD(net.parameters(), lr=0.05), BarlowTwinsLoss()
x = torch.randn(32, 4)
for _ in range(50):
    loss = criterion(*(net(x + 0.1 * torch.randn(32, 4)) for _ in 'ab'))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(loss.item())
z = [net(x + 0.1 * torch.randn(32, 4)) for _ in 'ab']
assert barlow_twins_loss(*z) == criterion(*z) == sum(criterion.terms(*z))
loaded = [n for n in sys.modules if n.split('.')[0] == 'mmbarlow']
print(*sorted(loaded))
"""


@pytest.fixture(scope='module')
def printed() -> list[str]:
    """What a plain training run prints where only torch can be imported."""
    script = STEPS.format(others=repr(OTHERS))
    done = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_plain_training_run_learns_with_nothing_but_torch(printed):
    losses = [float(line) for line in printed[1:-1]]
    assert losses[-1] < 0.5 * losses[0]


def test_nothing_else_of_the_project_comes_along(printed):
    parts = [name.split('.') for name in printed[-1].split()]
    assert {name[1] for name in parts if len(name) > 1} == {'loss', 'version'}


def test_a_typo_in_an_option_is_one_clear_error_also_without_mmengine():
    from mmbarlow.loss import BarlowTwinsLoss, InputError

    with pytest.raises(InputError, match="take 'auto', 'direct' or 'gram'"):
        BarlowTwinsLoss(form='grams')
    with pytest.raises(ValueError, match="take 'exact' or 'official'"):
        BarlowTwinsLoss(grad='right')
