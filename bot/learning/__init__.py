"""What is learned from a repository's history: the kinds of reports, their likeness, and how well it works.

Pure over values: texts in, numbers out; no I/O, no clock. Only `training` needs numpy, scipy and scikit-learn; what it
makes are plain arrays, from which everything else predicts.
"""
