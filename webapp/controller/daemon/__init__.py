"""DaemonSets: one Pod on each Node that is meant to have it."""
