"""Mixed Barlow Twins (Bandara et al., 2023)."""
