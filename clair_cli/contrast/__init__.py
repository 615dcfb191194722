"""Two answers -> how far apart they are: metrics, bounds, word diffs, distributions."""
