"""An endpoint, checked with small requests before a run."""
