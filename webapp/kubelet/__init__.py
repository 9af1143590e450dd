"""The kubelet: runs the Pods that are bound to its Node, and reports how they are.

Read top to bottom: ``config`` (which Pods are mine), ``kubelet`` (the loop), ``pod_workers`` (one
state machine a Pod), ``lifecycle`` (admission), ``kuberuntime`` (what to do, and doing it),
``image_manager``, ``prober``, ``pod_status`` and ``status_manager`` (telling the API server),
``node_status`` (the Node's own status). The runtime below is :mod:`webapp.cri`.
"""
