"""Preference data -> one HTML page that needs no network."""
