"""The parts of `tests.hubserver`."""
