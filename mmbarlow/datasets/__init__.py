"""Sources of images, the views, and what is done about files that cannot be read."""
