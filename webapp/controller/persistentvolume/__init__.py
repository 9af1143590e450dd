"""PersistentVolumes and the claims that are bound to them."""
