"""ReplicaSets: so many Pods of one template."""
