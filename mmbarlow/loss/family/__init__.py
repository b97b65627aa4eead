"""Relatives of Barlow Twins, a file each: what they are and how to take one, docs/family.md."""
