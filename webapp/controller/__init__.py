"""kube-controller-manager: loops that make what is observed more like what is desired.

Each controller follows some resources through informers, keeps a work queue of keys, and for each
key compares and acts through the API. Controllers never call one another: a Deployment's
controller writes a ReplicaSet, the ReplicaSet's controller sees it and writes Pods. Start reading
at ``controller.py``, then ``replicaset/replica_set.py``.
"""
