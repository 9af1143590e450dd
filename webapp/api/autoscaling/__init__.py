"""Kinds of the autoscaling group: versions, and what the API server fills in and refuses."""
