"""Scenarios after the pages of the Kubernetes documentation, in our own words and manifests."""
