"""Kinds of the core group: what the API server fills in and refuses, and how components read them."""
