"""What a detection command needs, said before anything is built."""

from importlib import import_module

from mmbarlow.errors import InputError

CURE = (
    'get both with `make .venv/full`, or `tools/install.sh full`, which compiles mmcv once (5 to '
    '10 minutes). Pretraining and the other benchmarks do without.'
)


def check_operators() -> None:
    """Raises InputError if mmdet or mmcv's compiled operators cannot be imported."""
    for module, what in (
        ('mmdet', 'mmdet'),
        ('mmcv._ext', 'an mmcv with compiled operators'),
    ):
        try:
            import_module(module)
        except ImportError as error:
            raise InputError(f'detection needs {what} ({error}): {CURE}') from error
