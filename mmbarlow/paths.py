"""Where the package finds its configs and records, in a clone and installed from a wheel."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
CLONE = PACKAGE.parent  # a repository, or the folder of all installed packages

# A wheel carries the configs in `.mim`, where MMEngine looks for `mmbarlow::` bases; an editable
# installation has a link to those of the clone there.
_INSTALLED = PACKAGE / '.mim' / 'configs'
CONFIGS = (_INSTALLED if _INSTALLED.is_dir() else CLONE / 'configs').resolve()
BENCHMARKS = CONFIGS / 'benchmarks'
RECORDS = PACKAGE / 'zoo' / 'records'
