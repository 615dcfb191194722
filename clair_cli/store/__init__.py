"""The durable map from a request to its reply, and its lock."""
