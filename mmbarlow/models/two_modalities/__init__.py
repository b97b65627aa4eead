"""Two modalities by two networks, with DeCUR's common and unique dimensions."""
