"""ReplicationControllers: ReplicaSets as they were before there were Deployments."""
