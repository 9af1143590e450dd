"""EndpointSlices: the addresses behind a Service, a hundred in each object."""
