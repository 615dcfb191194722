"""Files behind a URL: what is there, and their bytes without a gap."""
