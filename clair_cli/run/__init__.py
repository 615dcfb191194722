"""A job put together and run, below the command line: rows in, outcomes in their order."""
