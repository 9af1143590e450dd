"""The built-in controller of the Gateway API: a proxy for each Gateway, and what became of routes."""
