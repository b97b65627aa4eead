"""Tests of this folder import what they share, `faults.py`."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
