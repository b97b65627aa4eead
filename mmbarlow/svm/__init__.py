"""Linear SVMs and average precision, without torch and the registries: each of the processes that
`mmbarlow.evaluation.tasks` starts has to import this package, and takes half the time."""
