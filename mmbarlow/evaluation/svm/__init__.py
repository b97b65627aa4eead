"""Linear SVMs on frozen features, as VISSL and MMSelfSup judge VOC07.

`linear_svm` and `average_precision` import neither torch nor the registries: the processes that
`tasks` starts import them, and need half the time without.
"""
