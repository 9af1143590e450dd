"""The default plugins, one a file; none of them knows another."""
