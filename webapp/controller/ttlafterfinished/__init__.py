"""Jobs that are removed some time after they have finished."""
