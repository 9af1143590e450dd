"""Claims that ask for more room than they have."""
