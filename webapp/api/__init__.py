"""The built-in kinds: their names, schemas, defaults and rules."""
