"""Server-side tables for kubectl get: which columns a kind has and what stands in them."""
