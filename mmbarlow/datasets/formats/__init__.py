"""Readers of the files that Pillow does not read, or not in full depth."""
