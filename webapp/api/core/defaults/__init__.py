"""What the API server fills in for core kinds."""
