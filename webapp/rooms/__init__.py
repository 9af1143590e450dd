"""Independent clusters in one server: each room has its own world, journal, API, stream and page."""
