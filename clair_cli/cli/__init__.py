"""The command line: what people type and read. Nothing else prints."""
