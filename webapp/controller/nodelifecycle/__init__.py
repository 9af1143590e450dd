"""Nodes' conditions as taints, so that the scheduler keeps away."""
