"""Claims and volumes that are in use stay, even when they have been deleted."""
