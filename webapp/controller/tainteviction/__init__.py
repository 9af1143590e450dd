"""Pods that have to leave Nodes with NoExecute taints."""
