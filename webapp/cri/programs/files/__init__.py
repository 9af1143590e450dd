"""The in-memory file system of a container: nodes, a tree with mounts, and what images bring."""
