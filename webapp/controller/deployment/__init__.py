"""Deployments: ReplicaSets in the right sizes, one for each version of the Pod template."""
