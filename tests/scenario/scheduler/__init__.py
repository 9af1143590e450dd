"""What the scheduler does in a whole cluster, plugin by plugin."""
