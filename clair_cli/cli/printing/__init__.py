"""What commands print: tables, diffs, progress, and the terminal itself."""
