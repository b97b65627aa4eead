"""The report card: all that frozen features are worth on labeled images, on one page."""
