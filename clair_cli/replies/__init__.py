"""A body as it came -> Completion -> the sections it holds, or why not."""
