"""Pair -> training formats as files, atomically; and where they lie."""
