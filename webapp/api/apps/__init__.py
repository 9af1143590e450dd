"""Kinds of the apps group: what the API server fills in and refuses."""
