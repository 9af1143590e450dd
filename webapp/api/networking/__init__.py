"""Kinds of the networking and discovery groups: what the API server fills in and refuses."""
