"""The pod network: addresses, the plugin that assigns them, the data plane, and cluster DNS."""
