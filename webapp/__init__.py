"""Podarium: a Kubernetes cluster in a glass tank.

Read ``docs/architecture.md`` for the picture, ``webapp/journey/pod_deployment.py`` for the nine
steps that everything here serves, and each package's docstring for its part.
"""
