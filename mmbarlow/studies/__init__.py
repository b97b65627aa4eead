"""What is compared with what: training, benchmarks, tables and figures of a study."""
