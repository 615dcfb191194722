"""Preference data -> whether TRL trains on it, and how well."""
