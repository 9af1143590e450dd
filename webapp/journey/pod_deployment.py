"""THE NINE STEPS of deploying a Pod: their order, their names, and the fact that completes each.

Read this file first: everything else in Podarium serves one of these steps. The wording and the
order are fixed here; the page, the explanations and the tests all take them from here.

Nothing in the control plane calls the next step. Each component watches the API server and acts on
what it sees: the scheduler on Pods without a Node, the kubelet on Pods with its Node's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.trace import facts

if TYPE_CHECKING:
    from webapp.trace.facts import Fact


@dataclass(frozen=True, slots=True)
class Step:
    """One of the nine.

    Attributes:
        number: 1 to 9.
        name: Its name in code.
        title: Its name on the page.
        actor: Who does it.
        what: What happens, in one sentence.
        begun_by: Facts that show that it is under way.
        done_by: Facts that complete it.
    """

    number: int
    name: str
    title: str
    actor: str
    what: str
    begun_by: tuple[type[Fact], ...]
    done_by: tuple[type[Fact], ...]


STEPS: tuple[Step, ...] = (
    Step(
        1,
        "define_manifest",
        "Manifest",
        "you",
        "You describe the Pod you want in a YAML manifest.",
        (),
        (facts.ManifestParsed, facts.RequestReceived),
    ),
    Step(
        2,
        "post_manifest",
        "POST",
        "kubectl",
        "The manifest is posted to the API server.",
        (),
        (facts.RequestReceived,),
    ),
    Step(
        3,
        "authenticate_and_authorize",
        "Allowed?",
        "authn · authz",
        "The API server finds out who asks and whether they may.",
        (facts.RequestAuthenticated,),
        (facts.RequestAuthorized,),
    ),
    Step(
        4,
        "validate_spec",
        "Valid?",
        "admission · schema",
        "Admission fills in what is missing, the spec is validated, and the Pod is stored.",
        (facts.RequestAdmitted, facts.SpecValidated),
        (facts.ObjectStored,),
    ),
    Step(
        5,
        "filter_nodes",
        "Filter nodes",
        "scheduler",
        "The scheduler leaves out Nodes that cannot take the Pod and scores the rest.",
        (
            facts.NodesFiltered,
            facts.DomainsCompared,
            facts.NodesScored,
            facts.PreemptionChosen,
            facts.PodUnschedulable,
        ),
        (facts.NodeChosen,),
    ),
    Step(
        6,
        "bind_pod",
        "Bind",
        "scheduler",
        "The Pod is assigned to the best Node.",
        (),
        (facts.PodBound,),
    ),
    Step(
        7,
        "notice_assignment",
        "Notice",
        "kubelet",
        "The kubelet of that Node, watching the API server, notices its new Pod.",
        (),
        (facts.PodAccepted,),
    ),
    Step(
        8,
        "start_containers",
        "Start",
        "containerd",
        "The runtime makes the sandbox with the Pod's IP and starts the containers in order.",
        (
            facts.SandboxCreated,
            facts.AddressAssigned,
            facts.VolumesMounted,
            facts.ImagePullStarted,
            facts.ImagePulled,
            facts.ImagePullFailed,
            facts.ContainerCreated,
            facts.ContainerStarted,
            facts.ContainerExited,
            facts.ContainerBackedOff,
        ),
        (),  # done when the last app container runs: see timeline.py
    ),
    Step(
        9,
        "report_status",
        "Report",
        "kubelet",
        "The kubelet reports the Pod's status; it is Ready once every container is.",
        (facts.StatusReported, facts.ProbeResultChanged),
        (facts.PodReady,),
    ),
)
