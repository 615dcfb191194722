"""Files of every kind -> raw rows."""
