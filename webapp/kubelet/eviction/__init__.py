"""Node-pressure eviction: which Pods have to go when a machine runs out of memory, disk or process numbers."""
