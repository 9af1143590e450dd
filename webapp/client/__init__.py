"""The client's end of the API: requests, informers, work queues, events.

Scheduler, controllers, kubelets, kube-proxy and the live projector reach the cluster through this
package only, and this package reaches it through a ``Transport``.
"""
