"""Admission: plugins that fill in what a manifest left out, and refuse what must not be stored."""
