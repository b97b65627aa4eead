"""How MMEngine and a user find the classes of the package."""

import subprocess
import sys

import pytest
from mmengine import registry as mmengine

import mmbarlow.models
from mmbarlow import registry


@pytest.mark.parametrize(
    ('kind', 'names'),
    [
        ('MODELS', ['BarlowTwins', 'BarlowTwinsNeck', 'CrossCorrelationHead', 'StemResNet']),
        ('DATASETS', ['ImageFolder', 'Digits']),
        ('TRANSFORMS', ['TwinViews', 'CenterView']),
        ('OPTIMIZERS', ['LARS']),
        ('HOOKS', ['ExportHook', 'FrozenHook']),
        ('LOOPS', ['FeatureLoop']),
        ('METRICS', ['KNN', 'SVM']),
    ],
)
def test_a_scoped_name_is_found_without_an_import(kind, names):
    """In a process of its own, through MMEngine's registry, as a config's name is."""
    script = f'from mmengine import registry\nfor name in {names}:\n'
    script += f"    print(registry.{kind}.get(f'mmbarlow.{{name}}').__name__)\n"
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', script], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-len(names) :] == names


def test_every_registry_is_a_child_of_that_of_mmengine_with_our_scope():
    own = {name: value for name, value in vars(registry).items() if name.isupper()}
    assert len(own) == 15
    for name, child in own.items():
        assert child.parent is getattr(mmengine, name)
        assert child.scope == 'mmbarlow'


def test_the_classes_of_a_room_are_imported_from_it_as_from_their_modules():
    from mmbarlow.datasets import TwinViews
    from mmbarlow.engine import LARS
    from mmbarlow.models import CrossCorrelationHead, CrossEntropyHead

    assert CrossCorrelationHead is registry.MODELS.get('mmbarlow.CrossCorrelationHead')
    assert CrossEntropyHead is registry.MODELS.get('mmbarlow.CrossEntropyHead')
    assert TwinViews is registry.TRANSFORMS.get('mmbarlow.TwinViews')
    assert LARS is registry.OPTIMIZERS.get('mmbarlow.LARS')
    for name in ('NoSuchHead', 'Tensor', 'no_such_module'):  # Tensor is torch's
        with pytest.raises(AttributeError, match=f"'mmbarlow.models' has no attribute '{name}'"):
            getattr(mmbarlow.models, name)
