"""Runtime handlers: what a sandbox is made of, and how long that takes.

A Node has ``runc`` unless its annotation ``sim.podarium.dev/runtime-handlers`` lists others, separated by
commas: ``runc,kata,wasmtime,spin``. A RuntimeClass names the handler that its Pods want.

Models:
    containerd/internal/cri/config/config.go RuntimeConfig
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from webapp.sim.latency import Latency

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

ANNOTATION = "sim.podarium.dev/runtime-handlers"
Kind = Literal["container", "vm", "wasm"]
CONTAINER: Kind = "container"
VM: Kind = "vm"
WASM: Kind = "wasm"
DEFAULT = "runc"


class RuntimeHandler(NamedTuple):
    """One way to run a Pod.

    Attributes:
        name: What a RuntimeClass calls it.
        kind: container, vm or wasm.
        sandbox: How long a sandbox takes.
        start_factor: How much longer than runc a container's start takes, in percent.
        memory_bytes: What the sandbox itself holds.
        user_namespaces: Whether it can give a Pod users of its own.
    """

    name: str
    kind: Kind
    sandbox: Latency
    start_factor: int = 100
    memory_bytes: int = 0
    user_namespaces: bool = False


HANDLERS: dict[str, RuntimeHandler] = {
    handler.name: handler
    for handler in (
        RuntimeHandler("kata", VM, Latency(1_300, 0.2, 800), 120, 130 << 20),
        RuntimeHandler("runc", CONTAINER, Latency(300, 0.22, 200), user_namespaces=True),
        RuntimeHandler("spin", WASM, Latency(220, 0.2, 150), 25, 4 << 20),
        RuntimeHandler("wasmtime", WASM, Latency(210, 0.2, 150), 20, 2 << 20),
    )
}
"""Name → handler, sorted; what is not listed here can be on no Node."""


def handlers_of(node: JSONObject) -> tuple[str, ...]:
    """Names of the handlers that a Node has, in the order of its annotation."""
    text = (node["metadata"].get("annotations") or {}).get(ANNOTATION, "")
    names = [name.strip() for name in text.split(",") if name.strip()]
    return tuple(name for name in names if name in HANDLERS) or (DEFAULT,)


def sandbox_kind(handler: str) -> Kind:
    """What Pods of a handler are: containers unless it is known to be something else."""
    found = HANDLERS.get(handler)
    return found.kind if found is not None else CONTAINER


def missing_handler(handler: str) -> str:
    """What containerd says when a sandbox wants a handler that is not there."""
    return (
        "rpc error: code = Unknown desc = failed to get sandbox runtime: "
        f'no runtime for "{handler}" is configured'
    )


def runtime_handlers_status(names: tuple[str, ...]) -> list[JSONObject]:
    """``status.runtimeHandlers`` of a Node: the default one has no name, and stands first."""
    listed = [""] + [name for name in names if name in HANDLERS]
    return [
        {
            "name": name,
            "features": {
                "recursiveReadOnlyMounts": HANDLERS[name or DEFAULT].kind == CONTAINER,
                "userNamespaces": HANDLERS[name or DEFAULT].user_namespaces,
            },
        }
        for name in listed
    ]
