"""What `tools/torture.py` does to runs and to files."""
