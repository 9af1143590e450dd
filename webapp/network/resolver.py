"""How a container turns what a program wrote into questions: ``/etc/resolv.conf``.

A Pod's dnsPolicy and dnsConfig enter, a :class:`ResolverConfig` leaves.

Models:
    pkg/kubelet/network/dns/dns.go Configurer.GetPodDNS
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.network.outside import RESOLVER_ADDRESS

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

DOMAIN = "cluster.local"
NAMESERVER = "10.96.0.10"
MOST_NAMESERVERS = 3
TIMEOUT_SECONDS = 5
ATTEMPTS = 2


class ResolverConfig(NamedTuple):
    """What a resolver goes by.

    Attributes:
        nameservers: Whom it asks, in order.
        searches: Suffixes that it tries.
        options: As in the file, in order: ``ndots:5`` …
    """

    nameservers: tuple[str, ...]
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def ndots(self) -> int:
        """Names with fewer dots are tried with a suffix first."""
        return self._number("ndots", 1)

    @property
    def patience_ms(self) -> int:
        """How long until it gives up when nobody answers."""
        seconds = self._number("timeout", TIMEOUT_SECONDS)
        attempts = self._number("attempts", ATTEMPTS)
        return seconds * attempts * max(1, len(self.nameservers)) * 1000

    @property
    def text(self) -> str:
        """The file."""
        lines = []
        if self.searches:
            lines.append(f"search {' '.join(self.searches)}")
        lines.extend(f"nameserver {address}" for address in self.nameservers)
        if self.options:
            lines.append(f"options {' '.join(self.options)}")
        return "".join(f"{line}\n" for line in lines)

    def candidates(self, name: str) -> list[str]:
        """Full names to ask for, in order; a trailing dot means just this one."""
        if name.endswith("."):
            return [name[:-1]]
        suffixed = [f"{name}.{suffix}" for suffix in self.searches]
        if name.count(".") >= self.ndots:
            return [name, *suffixed]
        return [*suffixed, name]

    def _number(self, name: str, default: int) -> int:
        for option in reversed(self.options):
            key, _, value = option.partition(":")
            if key == name and value.isdigit():
                return int(value)
        return default


NODE_RESOLVER = ResolverConfig((RESOLVER_ADDRESS,))
"""What a machine itself uses."""


def pod_resolver(
    namespace: str, spec: JSONObject, node: ResolverConfig = NODE_RESOLVER
) -> ResolverConfig:
    """The configuration of a Pod's containers.

    Args:
        namespace: The Pod's.
        spec: The Pod's spec.
        node: What its machine uses.
    """
    policy = spec.get("dnsPolicy") or "ClusterFirst"
    if policy == "ClusterFirst" and spec.get("hostNetwork"):
        policy = "Default"
    if policy == "None":
        base = ResolverConfig(())
    elif policy == "Default":
        base = node
    else:
        searches = (f"{namespace}.svc.{DOMAIN}", f"svc.{DOMAIN}", DOMAIN, *node.searches)
        base = ResolverConfig((NAMESERVER,), searches, ("ndots:5",))
    return _merged(base, spec.get("dnsConfig") or {})


def _merged(base: ResolverConfig, config: JSONObject) -> ResolverConfig:
    """A Pod's own settings added; an option replaces the one of the same name."""
    nameservers = dict.fromkeys((*base.nameservers, *(config.get("nameservers") or ())))
    searches = dict.fromkeys((*base.searches, *(config.get("searches") or ())))
    options: dict[str, str] = {}
    for text in base.options:
        name, _, value = text.partition(":")
        options[name] = value
    for option in config.get("options") or ():
        options[option["name"]] = option.get("value") or ""
    return ResolverConfig(
        tuple(nameservers)[:MOST_NAMESERVERS],
        tuple(searches),
        tuple(f"{name}:{value}" if value else name for name, value in options.items()),
    )
