"""Measurements: `python -m bench`. No test asserts a time; ratios are taken within one run."""
