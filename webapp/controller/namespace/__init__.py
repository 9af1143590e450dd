"""Namespaces that end: emptied, then released."""
