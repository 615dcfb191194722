"""When the next request may go, and to which replica."""
