"""The report's experiment: the two-stage recipe as a chain of runs, and the comparison as a tree of them."""
