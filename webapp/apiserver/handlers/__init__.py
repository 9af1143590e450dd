"""One module a verb: from an authorized request to the registry and back to a response."""
