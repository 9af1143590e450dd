"""Endpoints: the addresses behind a Service as one object, the older form."""
