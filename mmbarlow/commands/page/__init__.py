"""The page that `mmbarlow report` writes: what is read of a run, and how it is shown."""
