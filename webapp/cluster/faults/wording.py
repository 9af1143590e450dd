"""What each type of Fault does, and what to watch for while it lasts: for Events, conditions and the page."""

from __future__ import annotations

from typing import NamedTuple

from webapp.api.sim import fault


class Wording(NamedTuple):
    """Two sentences for people.

    Attributes:
        does: What is broken.
        watch_for: What can be seen, and when.
    """

    does: str
    watch_for: str


WORDINGS: dict[str, Wording] = {
    fault.API_SERVER_DOWN: Wording(
        "the API server is stopped; kubelets and containers go on",
        "kubectl is refused; Services keep their endpoints and containers restart where they are, but "
        "nothing is scheduled, scaled or evicted, and nothing is reported; afterwards kubelets report, and "
        "scheduler and controller manager begin anew",
    ),
    fault.CONTAINER_CRASH: Wording(
        "containers end with an error",
        "the container restarts, RESTARTS counts up, lastState says Error; ended again and again it waits "
        "in CrashLoopBackOff 10s, 20s, 40s … 300s; its Pod is not ready meanwhile and leaves its Services",
    ),
    fault.CONTAINER_OOM: Wording(
        "containers are killed for want of memory",
        "lastState says OOMKilled with exit code 137; the container restarts as after any crash",
    ),
    fault.CONTROLLER_MANAGER_DOWN: Wording(
        "the controller manager is stopped",
        "Deployments do not roll, deleted Pods are not replaced, endpoints do not follow, lost Nodes are not "
        "noticed; what is there runs on; afterwards all of it is caught up with",
    ),
    fault.DISK_PRESSURE: Wording(
        "machines run out of disk space",
        "DiskPressure becomes True and taints the Node, no new Pods come; the kubelet removes unused images, "
        "then evicts Pods, which are Failed with reason Evicted and replaced elsewhere",
    ),
    fault.ETCD_SLOW: Wording(
        "etcd takes long to write",
        "everything that is changed is seen late; writes that take more than 7s are refused with "
        '"etcdserver: request timed out"; reads are fast',
    ),
    fault.IMAGE_PULL_FAILURE: Wording(
        "images cannot be pulled",
        "new Pods wait in ErrImagePull, then ImagePullBackOff, unless the image is on the machine and "
        "imagePullPolicy allows it; running containers are not touched",
    ),
    fault.KUBELET_DOWN: Wording(
        "kubelets are stopped; their containers go on",
        "the Node's status goes stale: Unknown 50s after its last Lease, NoExecute 5s later, Pods deleted after "
        "300s more and stuck Terminating, while their containers still run and answer",
    ),
    fault.LATENCY: Wording(
        "packets to and from machines take longer",
        "requests to Pods there are slow, and time out where clients or probes do not wait",
    ),
    fault.MEMORY_PRESSURE: Wording(
        "machines run out of memory",
        "MemoryPressure becomes True and taints the Node, BestEffort Pods stay away; the kubelet evicts Pods, "
        "those above their requests and of low priority first",
    ),
    fault.NODE_DOWN: Wording(
        "machines lose their power",
        "Unknown 50s after the last Lease; Pods not ready, out of their Services; NoExecute 5s later; after "
        "tolerationSeconds (300s) Pods are deleted and stay Terminating; controllers replace theirs, nobody "
        "replaces bare Pods; within five minutes a machine that is back restarts the same Pods",
    ),
    fault.NODE_PARTITION: Wording(
        "machines are cut off from the API server and from other Nodes; what runs there goes on",
        "seen from the API server as if the machine had died; replacements start elsewhere while the old "
        "containers still run; healed, the Node reports, and ends the Pods that were deleted meanwhile",
    ),
    fault.NODE_SHUTDOWN: Wording(
        "machines are shut down in good order",
        "the Node is NotReady at once (node is shutting down); its Pods get SIGTERM, critical ones last, and are "
        "Failed with reason Terminated; controllers replace theirs; then the machine is off",
    ),
    fault.PACKET_LOSS: Wording(
        "packets to and from machines get lost",
        "some requests to Pods there fail or take long; readiness is judged on the Node itself and stays",
    ),
    fault.PID_PRESSURE: Wording(
        "machines run out of process ids",
        "PIDPressure becomes True and taints the Node; the kubelet evicts Pods of low priority first",
    ),
    fault.PROBE_FAILURE: Wording(
        "probes of containers fail",
        "after failureThreshold tries: readiness takes the Pod out of its Services, liveness and startup "
        "restart the container; Events say Unhealthy",
    ),
    fault.RUNTIME_DOWN: Wording(
        "container runtimes do not answer; their containers go on",
        'after 30s to 40s the Node is NotReady ("container runtime is down"), after 3min "PLEG is not healthy"; '
        "nothing starts or stops there; after 300s Pods are evicted and stay Terminating",
    ),
    fault.SCHEDULER_DOWN: Wording(
        "the scheduler is stopped",
        "new Pods stay Pending without any Event; running ones are not touched; afterwards all are scheduled",
    ),
}
