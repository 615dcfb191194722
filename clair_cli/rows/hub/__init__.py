"""A dataset on the Hub -> the files of a split, at one commit."""
