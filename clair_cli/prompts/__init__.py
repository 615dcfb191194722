"""Row + template -> Request."""
