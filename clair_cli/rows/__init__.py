"""Inputs of every kind -> rows, and one reader of what a row holds."""
