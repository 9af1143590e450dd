"""The HTTP side: the Kubernetes API, the page, the kubeconfig and the metrics, for gevent's server.

Nothing here touches the world but through the driver.
"""
