"""Kinds of the policy group: what the API server refuses."""
