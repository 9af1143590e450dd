"""Schemas of all kinds: structural validation, patch and ownership metadata, documentation.

The built-in kinds' definitions come from ``data/`` (written by ``scripts/extract_schema.py`` at build
time), those of the simulation's own group from ``podarium.json``. Both have the form of OpenAPI v3.
"""
