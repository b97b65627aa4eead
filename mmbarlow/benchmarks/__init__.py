"""Running the benchmarks of configs/benchmarks/ on a network, and keeping their records."""
