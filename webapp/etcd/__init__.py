"""The versioned store, in etcd's role: one revision counter, history, watch, compaction.

It holds opaque values under string keys and knows nothing of Kubernetes.
"""
