"""The assembly of one world: control plane, machines and virtual time, built from a configuration."""
