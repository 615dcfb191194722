"""A run -> the dataset card that stands beside its pairs."""
