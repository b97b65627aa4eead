"""Mixed Barlow Twins (Bandara et al., 2023)."""

from .mixed_barlow_twins import MixedBarlowTwins as MixedBarlowTwins
from .neck import MixedBarlowTwinsNeck as MixedBarlowTwinsNeck
