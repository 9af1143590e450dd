"""The registry: how objects of each resource are named, changed, deleted, and what their subresources do."""
