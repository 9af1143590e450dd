"""Plain words for facts and for where a journey stands, as the rail and the headline show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.trace import facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.trace.facts import Fact

_MEGABYTE = 1_000_000


def summary_of(fact: Fact) -> str:
    """What a fact means for its step, in a few words; "" when it adds nothing."""
    word = _SUMMARIES.get(type(fact))
    return word(fact) if word is not None else ""


def headline_of(name: str, current: int, summary: str, *, failed: bool) -> str:
    """Where the Pod stands, in one sentence."""
    if failed:
        return f"{name}: {summary}"
    return _HEADLINES[current].format(name=name)


def completed_headline(name: str) -> str:
    """What is said of a Pod whose containers all ended well."""
    return f"{name} has run to its end."


_HEADLINES: dict[int, str] = {
    1: "{name} is described in a manifest.",
    2: "{name} is on its way to the API server.",
    3: "May {name} be created? The API server checks who asks.",
    4: "Is {name} valid? Admission and schema decide.",
    5: "The scheduler looks for a Node for {name}.",
    6: "The scheduler assigns {name} to its Node.",
    7: "{name} has a Node; its kubelet is about to notice.",
    8: "The containers of {name} start in order.",
    9: "{name} runs; the kubelet reports when it is ready.",
    10: "{name} is running and ready.",
}


def _received(fact: Any) -> str:
    return f"{fact.actor} sends {fact.verb} {fact.resource}"


def _filtered(fact: Any) -> str:
    return f"{fact.feasible_count} of {fact.total} Nodes fit"


def _scored(fact: Any) -> str:
    best = fact.scores[0] if fact.scores else None
    return f"{best[0]} scores best with {best[1]}" if best else ""


def _admitted(fact: Any) -> str:
    count = len(fact.changes)
    return f"{count} value{'' if count == 1 else 's'} filled in"


def _pulling(fact: Any) -> str:
    return f"pulling {fact.image} ({fact.size_bytes / _MEGABYTE:.0f} MB)"


def _exited(fact: Any) -> str:
    return f"{fact.container} ended: {fact.reason} (exit code {fact.exit_code})"


def _probed(fact: Any) -> str:
    verdict = "succeeds" if fact.succeeded else "fails"
    return f"{fact.probe} probe of {fact.container} {verdict}"


_SUMMARIES: dict[type[Fact], Callable[[Any], str]] = {
    facts.AddressAssigned: lambda fact: f"{fact.plugin} gives it {fact.ip}",
    facts.ContainerBackedOff: lambda fact: (
        f"{fact.container} keeps failing: next try in {fact.duration_ms // 1000} s"
    ),
    facts.ContainerCreated: lambda fact: f"{fact.role} container {fact.container} created",
    facts.ContainerExited: _exited,
    facts.ContainerStarted: lambda fact: f"{fact.role} container {fact.container} started",
    facts.DomainsCompared: lambda fact: (
        f"{fact.plugin} counts Pods by {fact.topology_key}: "
        + ", ".join(f"{value} {count}" for value, count, _ in fact.domains)
    ),
    facts.ImagePullFailed: lambda fact: f"{fact.reason}: {fact.image}",
    facts.ImagePullStarted: _pulling,
    facts.ImagePulled: lambda fact: (
        f"{fact.image} was there already" if fact.already_present else f"{fact.image} pulled"
    ),
    facts.NodeChosen: lambda fact: f"{fact.node} chosen with {fact.score}",
    facts.NodesFiltered: _filtered,
    facts.NodesScored: _scored,
    facts.ObjectStored: lambda fact: f"stored at revision {fact.revision}",
    facts.PodAccepted: lambda fact: f"the kubelet of {fact.node} accepts it",
    facts.PodBound: lambda fact: f"bound to {fact.node}",
    facts.PodReady: lambda _: "every container is ready",
    facts.PodRejected: lambda fact: f"{fact.reason}: {fact.message}",
    facts.PodUnschedulable: lambda fact: fact.message,
    facts.PreemptionChosen: lambda fact: (
        f"evicts {', '.join(key for key, _ in fact.victims)} from {fact.node}: {fact.rule}"
    ),
    facts.ProbeResultChanged: _probed,
    facts.RequestAdmitted: _admitted,
    facts.RequestAuthenticated: lambda fact: f"this is {fact.user}",
    facts.RequestAuthorized: lambda fact: f"{fact.user} may: {fact.rule}",
    facts.RequestDenied: lambda fact: fact.message,
    facts.RequestReceived: _received,
    facts.SandboxCreated: lambda fact: f"sandbox made on {fact.node}",
    facts.SpecRejected: lambda fact: fact.message,
    facts.SpecValidated: lambda _: "the spec is valid",
    facts.StatusReported: lambda fact: (
        "it has failed" if fact.phase == "Failed" else f"phase {fact.phase} reported"
    ),
    facts.VolumesMounted: lambda fact: f"volumes mounted: {', '.join(fact.volumes)}",
}
