"""Which checkpoint of a run, and which run, can be chosen without labels: measured."""
