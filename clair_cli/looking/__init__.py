"""Any preference data -> what a person sees of it."""
