"""The cloud's part of Services: load balancers that have addresses of their own."""
