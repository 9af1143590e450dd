"""kube-proxy: turns Services and EndpointSlices into the data plane's rules on every Node."""
