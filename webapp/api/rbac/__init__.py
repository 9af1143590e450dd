"""Kinds of the rbac.authorization.k8s.io group: what the API server fills in and refuses."""
