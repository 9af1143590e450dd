"""The API server: the only door to the store.

A request passes the chain in ``server.py``: who asks (authentication), may they (authorization), what
is filled in and refused (admission, registry), and is then stored at a revision. Watchers hear of
the revision through the cacher. Nothing here calls a scheduler, a controller or a kubelet: they watch.
"""
