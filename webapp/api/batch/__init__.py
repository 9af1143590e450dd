"""Kinds of the batch group: what the API server fills in and refuses."""
