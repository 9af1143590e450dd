"""Cluster DNS: what a name server of the cluster answers to a question.

Reads Services, EndpointSlices and namespaces as any component does. Answers what CoreDNS' kubernetes
plugin answers, and hands other names on to the outside. Who may ask, and whether the name server can
be reached, is not its business.

Models:
    coredns/plugin/kubernetes/kubernetes.go Kubernetes.Records
    coredns/plugin/kubernetes/reverse.go Kubernetes.Reverse
    coredns/plugin/backend_lookup.go A
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple

from webapp.api.resources import ENDPOINT_SLICES, NAMESPACES, SERVICES
from webapp.network.outside import HOSTS, NAMES
from webapp.network.resolver import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.informer import InformerFactory

NOERROR = "NOERROR"
NXDOMAIN = "NXDOMAIN"
SERVFAIL = "SERVFAIL"
REVERSE_IPV4 = ".in-addr.arpa"
REVERSE_IPV6 = ".ip6.arpa"
LONGEST_CHAIN = 8
LONGEST_NAME = 253
LONGEST_LABEL = 63

_BY_SERVICE = "kubernetes.io/service-name"
_BY_ADDRESS = "dns/address"
_POD_IPV4 = re.compile(r"\d{1,3}(-\d{1,3}){3}")
_POD_IPV6 = re.compile(r"[0-9a-f-]*--?[0-9a-f-]+")
_DOMAIN_LABELS = DOMAIN.split(".")


class Record(NamedTuple):
    """One resource record.

    Attributes:
        name: Whose, without the last dot.
        type: A, AAAA, CNAME, SRV or PTR.
        data: As printed: an address, a name, ``0 100 80 name``.
    """

    name: str
    type: str
    data: str


class Answer(NamedTuple):
    """What a name server says.

    Attributes:
        rcode: NOERROR, NXDOMAIN or SERVFAIL; NOERROR without records means that the name has other types.
        records: In order; a CNAME stands before what it leads to.
    """

    rcode: str
    records: tuple[Record, ...] = ()

    def data(self, type_: str) -> list[str]:
        """The data of all records of a type."""
        return [record.data for record in self.records if record.type == type_]


NO_SUCH_NAME = Answer(NXDOMAIN)
NO_DATA = Answer(NOERROR)


class ClusterDNS:
    """The cluster's zone."""

    def __init__(self, informers: InformerFactory) -> None:
        self._services = informers.informer(SERVICES)
        self._services.add_index(_BY_ADDRESS, _cluster_ips)
        self._slices = informers.informer(ENDPOINT_SLICES)
        self._slices.add_index(_BY_SERVICE, _service_names)
        self._slices.add_index(_BY_ADDRESS, _endpoint_addresses)
        self._namespaces = informers.informer(NAMESPACES)

    def query(self, name: str, type_: str = "A") -> Answer:
        """Answer a question about a full name.

        Args:
            name: With or without the last dot; case does not matter.
            type_: A, AAAA, CNAME, SRV or PTR.
        """
        name = name.rstrip(".").lower()
        if not _is_name(name):
            return NO_SUCH_NAME
        if name.endswith((REVERSE_IPV4, REVERSE_IPV6)):
            return self._reverse(name, type_)
        labels = name.split(".")
        if labels[-2:] != _DOMAIN_LABELS:
            return outside_answer(name, type_)
        return self._chain(name, type_, ())

    def _chain(self, name: str, type_: str, before: tuple[str, ...]) -> Answer:
        """Follow ExternalNames inside the cluster; one that leads back to itself leads nowhere."""
        labels = name.split(".")[:-2]
        target = self._external_name(labels)
        if not target:
            return self._zone(name, labels, type_)
        alias = Record(name, "CNAME", target)
        if type_ == "CNAME":
            return Answer(NOERROR, (alias,))
        if target == name or target in before or len(before) >= LONGEST_CHAIN:
            return NO_DATA
        if target.split(".")[-2:] == _DOMAIN_LABELS:
            rest = self._chain(target, type_, (*before, name))
        else:
            rest = outside_answer(target, type_)
        if not rest.records and rest.rcode == NOERROR:
            return NO_DATA
        return Answer(rest.rcode, (alias, *rest.records))

    def _external_name(self, labels: list[str]) -> str:
        if len(labels) != 3 or labels[2] != "svc":
            return ""
        service = self._services.get(f"{labels[1]}/{labels[0]}")
        if service is None or service["spec"].get("type") != "ExternalName":
            return ""
        return str(service["spec"].get("externalName", "")).rstrip(".").lower()

    def _zone(self, name: str, labels: list[str], type_: str) -> Answer:
        if not labels or labels in (["svc"], ["pod"]):
            return NO_DATA
        kind = labels[-1]
        if kind == "pod":
            return self._pod(name, labels[:-1], type_)
        if kind != "svc" or len(labels) > 5:
            return NO_SUCH_NAME
        if len(labels) == 2:
            known = self._namespaces.get(labels[0]) is not None
            return NO_DATA if known else NO_SUCH_NAME
        service = self._services.get(f"{labels[-2]}/{labels[-3]}")
        if service is None:
            return NO_SUCH_NAME
        if len(labels) == 3:
            return self._service(name, service, type_)
        if len(labels) == 5 and labels[0].startswith("_"):
            return self._srv(name, service, type_, labels[0][1:], labels[1][1:])
        if len(labels) == 4:
            return self._endpoint(name, service, labels[0], type_)
        return NO_SUCH_NAME

    # --- the kinds of names

    def _service(self, name: str, service: JSONObject, type_: str) -> Answer:
        if type_ == "SRV":
            return self._srv(name, service, type_, "*", "*")
        if is_headless(service):
            addresses = [address for address, _, _ in self._members(service)]
            if not addresses:
                return NO_SUCH_NAME
        else:
            addresses = list(_cluster_ips(service))
        return _addresses(name, addresses, type_)

    def _endpoint(self, name: str, service: JSONObject, hostname: str, type_: str) -> Answer:
        found = [address for address, held, _ in self._members(service) if held == hostname]
        return _addresses(name, found, type_) if found else NO_SUCH_NAME

    def _srv(
        self, name: str, service: JSONObject, type_: str, port_name: str, protocol: str
    ) -> Answer:
        base = f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc.{DOMAIN}"
        pairs: list[tuple[int, str]] = []
        if is_headless(service):
            for _, hostname, piece in self._members(service):
                pairs.extend(
                    (port["port"], f"{hostname}.{base}")
                    for port in piece.get("ports") or ()
                    if _is_port(port, port_name, protocol)
                )
        else:
            pairs.extend(
                (port["port"], base)
                for port in service["spec"].get("ports") or ()
                if _is_port(port, port_name, protocol)
            )
        if not pairs:
            return NO_SUCH_NAME
        if type_ != "SRV":
            return NO_DATA
        pairs = list(dict.fromkeys(pairs))
        weight = 100 // len(pairs)
        records = [Record(name, "SRV", f"0 {weight} {port} {target}") for port, target in pairs]
        return Answer(NOERROR, tuple(records))

    def _pod(self, name: str, labels: list[str], type_: str) -> Answer:
        if not labels or self._namespaces.get(labels[-1]) is None:
            return NO_SUCH_NAME
        if len(labels) == 1:
            return NO_DATA
        address = _dashed_address(labels[0]) if len(labels) == 2 else ""
        return _addresses(name, [address], type_) if address else NO_SUCH_NAME

    def _reverse(self, name: str, type_: str) -> Answer:
        address = reversed_address(name)
        if not address:
            return NO_SUCH_NAME
        names = []
        for service in self._services.by_index(_BY_ADDRESS, address):
            metadata = service["metadata"]
            names.append(f"{metadata['name']}.{metadata['namespace']}.svc.{DOMAIN}")
        if not names:
            names = list(self._endpoint_names(address))
        if not names and address in HOSTS:
            names = [HOSTS[address]]
        if not names:
            return NO_SUCH_NAME
        if type_ != "PTR":
            return NO_DATA
        return Answer(NOERROR, tuple(Record(name, "PTR", target) for target in names))

    # --- what the cluster holds

    def _endpoint_names(self, address: str) -> Iterator[str]:
        for piece in self._slices.by_index(_BY_ADDRESS, address):
            metadata = piece["metadata"]
            service = (metadata.get("labels") or {}).get(_BY_SERVICE)
            for endpoint in piece.get("endpoints") or ():
                if service and address in (endpoint.get("addresses") or ()):
                    host = endpoint_hostname(endpoint, address)
                    yield f"{host}.{service}.{metadata['namespace']}.svc.{DOMAIN}"

    def _members(self, service: JSONObject) -> list[tuple[str, str, JSONObject]]:
        """Address, host name and slice of every endpoint that may be told, sorted by address."""
        metadata = service["metadata"]
        publish = bool(service["spec"].get("publishNotReadyAddresses"))
        key = f"{metadata['namespace']}/{metadata['name']}"
        found: dict[tuple[str, int], tuple[str, str, JSONObject]] = {}
        for number, piece in enumerate(self._slices.by_index(_BY_SERVICE, key)):
            for endpoint in piece.get("endpoints") or ():
                if not publish and (endpoint.get("conditions") or {}).get("ready") is False:
                    continue
                for address in endpoint.get("addresses") or ():
                    hostname = endpoint_hostname(endpoint, address)
                    found[address, number] = (address, hostname, piece)
        return [found[at] for at in sorted(found)]


def outside_answer(name: str, type_: str) -> Answer:
    """What the name server of the machines says about a name outside the cluster."""
    address = NAMES.get(name.rstrip(".").lower())
    if address is None:
        return NO_SUCH_NAME
    return _addresses(name, [address], type_)


def is_headless(service: JSONObject) -> bool:
    """Whether names of the Service mean its Pods."""
    return bool(service["spec"].get("clusterIP") == "None")


def endpoint_hostname(endpoint: JSONObject, address: str) -> str:
    """The first label of an endpoint's own name."""
    return endpoint.get("hostname") or address.replace(".", "-").replace(":", "-")


def reverse_name(ip: str) -> str:
    """The name under which an address is looked up."""
    return ip_address(ip).reverse_pointer


def reversed_address(name: str) -> str:
    """The address that a reverse name stands for; "" when it is incomplete."""
    if name.endswith(REVERSE_IPV4):
        parts = name.removesuffix(REVERSE_IPV4).split(".")
        return _checked(".".join(reversed(parts))) if len(parts) == 4 else ""
    digits = "".join(reversed(name.removesuffix(REVERSE_IPV6).split(".")))
    if len(digits) != 32:
        return ""
    return _checked(":".join(digits[at : at + 4] for at in range(0, 32, 4)))


def _checked(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        return ""


def _dashed_address(label: str) -> str:
    if _POD_IPV4.fullmatch(label):
        return _checked(label.replace("-", "."))
    return _checked(label.replace("-", ":")) if _POD_IPV6.fullmatch(label) else ""


def _addresses(name: str, addresses: Iterable[str], type_: str) -> Answer:
    records = []
    for address in addresses:
        kind = "AAAA" if ":" in address else "A"
        if kind == type_:
            records.append(Record(name, kind, address))
    return Answer(NOERROR, tuple(records))


def _is_port(port: JSONObject, name: str, protocol: str) -> bool:
    if name == "*":
        return True
    return (port.get("name") or "") == name and (port.get("protocol") or "TCP").lower() == protocol


def _is_name(name: str) -> bool:
    return 0 < len(name) <= LONGEST_NAME and all(
        0 < len(label) <= LONGEST_LABEL for label in name.split(".")
    )


def _cluster_ips(service: JSONObject) -> tuple[str, ...]:
    spec = service["spec"]
    addresses = spec.get("clusterIPs") or [spec.get("clusterIP", "")]
    return tuple(address for address in addresses if address and address != "None")


def _service_names(piece: JSONObject) -> Iterable[str]:
    name = (piece["metadata"].get("labels") or {}).get(_BY_SERVICE)
    return (f"{piece['metadata']['namespace']}/{name}",) if name else ()


def _endpoint_addresses(piece: JSONObject) -> Iterable[str]:
    return dict.fromkeys(
        address
        for endpoint in piece.get("endpoints") or ()
        for address in endpoint.get("addresses") or ()
    )
