"""metrics-server: what Pods and Nodes use, for ``kubectl top`` and autoscalers.

Every 15 seconds it would ask the kubelets; here the answer to a question is computed when it is asked, as
the last scrape would have found it. Read ``scrape`` (what kubelets tell), then ``server`` (the API objects).
"""
