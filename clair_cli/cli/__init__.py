"""The command line: options -> objects -> exit code."""
