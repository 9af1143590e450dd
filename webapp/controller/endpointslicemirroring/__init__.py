"""EndpointSlices for Endpoints that people made by hand."""
