"""NetworkPolicies: compiled once, evaluated for each connection."""
