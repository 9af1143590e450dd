"""What the API server refuses in core kinds."""
