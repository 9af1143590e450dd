"""Pods that nobody else removes: of Nodes that are gone, and long ended ones."""
