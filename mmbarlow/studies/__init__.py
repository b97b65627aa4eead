"""What is compared with what: pretraining, benchmarks, tables and figures of each study."""
