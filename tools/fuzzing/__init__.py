"""Broken image files made by rule, and what the readers say of them."""
