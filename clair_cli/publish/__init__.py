"""A finished run -> a dataset on the Hugging Face Hub."""
