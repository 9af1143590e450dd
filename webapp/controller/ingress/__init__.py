"""What the built-in ingress controller tells in the API: where its Ingresses can be reached."""
