"""What is asked of a row, and what is made of the reply: one module a task."""
