"""Where the package finds its configs and records, in a clone and installed from a wheel."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
CLONE = PACKAGE.parent  # a repository, or the folder of all installed packages
# A wheel carries the configs in `.mim`, where MMEngine looks for `mmbarlow::` bases too.
CONFIGS = next((p for p in (CLONE / 'configs', PACKAGE / '.mim' / 'configs') if p.is_dir()), CLONE)
BENCHMARKS = CONFIGS / 'benchmarks'
RECORDS = PACKAGE / 'zoo' / 'records'
