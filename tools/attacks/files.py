"""Damaged image files, which `tools/fuzz_images.py` reads one by one."""

from pathlib import Path

from fuzz_images import write
from fuzzing.reading import findings, read_all


def attack(folder: Path, count: int, bound: float = 2000, seed: int = 0) -> dict:
    """Read `count` of them as verification and training do; none may take `bound` megabytes."""
    folder.mkdir(parents=True)
    lines, faults = findings(read_all(write(folder, seed, count)), bound)
    return dict(files=count, found=lines, lost=len(faults), faults=[f.name for f in faults[:9]])
