"""Object machinery shared by API server and clients: names of kinds, selectors, patches, errors.

Objects are JSON trees (``JSONObject``), exactly as on the wire. A tree is never changed once it was
handed to or got from the API: whoever wants another one copies the path that changes.
"""
