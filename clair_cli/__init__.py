"""clair: preference data from minimal AI revisions (CLAIR, arXiv 2408.06266)."""

__version__ = "0.1.0"
