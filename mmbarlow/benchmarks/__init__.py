"""Running the benchmarks of configs/benchmarks/ on a network: which, of what, and how."""
