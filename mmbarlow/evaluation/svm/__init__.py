"""Linear SVMs on frozen features, by which VISSL and MMSelfSup evaluate VOC07.

`linear_svm` and `average_precision` import neither torch nor the registries: the processes that
`tasks` starts import only them, and start in half the time.
"""
