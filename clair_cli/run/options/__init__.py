"""What a user can set: each option declared once, in the group that it belongs to."""
