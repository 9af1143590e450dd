"""Rows of Nodes, Namespaces, configuration, storage, access rules and the rest.

Models:
    pkg/printers/internalversion/printers.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.api.core.nodes import address, kubectl_node_status, node_roles
from webapp.apimachinery.timestamps import human_duration
from webapp.apiserver.printers.columns import (
    AGE,
    NAME,
    NONE,
    UNKNOWN,
    UNSET,
    Column,
    TablePrinter,
    age,
    age_text,
    bool_text,
    integer,
    name,
    spec,
    status,
    wide,
)

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_ACCESS_MODES = {
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOnce": "RWO",
    "ReadWriteOncePod": "RWOP",
}
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_DEFAULT_CLASS_BETA = "storageclass.beta.kubernetes.io/is-default-class"


def _node_row(node: JSONObject, now_ms: int) -> list[Any]:
    info = status(node).get("nodeInfo") or {}
    return [
        name(node),
        kubectl_node_status(node),
        ",".join(node_roles(node)) or NONE,
        age(node, now_ms),
        info.get("kubeletVersion", ""),
        address(node, "InternalIP") or NONE,
        address(node, "ExternalIP") or NONE,
        info.get("osImage") or UNKNOWN,
        info.get("kernelVersion") or UNKNOWN,
        info.get("containerRuntimeVersion") or UNKNOWN,
    ]


def _namespace_row(namespace: JSONObject, now_ms: int) -> list[Any]:
    return [name(namespace), status(namespace).get("phase", ""), age(namespace, now_ms)]


def _event_row(event: JSONObject, now_ms: int) -> list[Any]:
    series = event.get("series") or {}
    first = (
        event.get("firstTimestamp")
        or event.get("deprecatedFirstTimestamp")
        or event.get("eventTime")
    )
    last_seen = event.get("lastTimestamp") or event.get("deprecatedLastTimestamp")
    last = last_seen or series.get("lastObservedTime") or first
    involved = event.get("involvedObject") or event.get("regarding") or {}
    kind = involved.get("kind", "").lower()
    target = f"{kind}/{involved['name']}" if involved.get("name") else kind
    return [
        age_text(last, now_ms),
        event.get("type", ""),
        event.get("reason", ""),
        target,
        involved.get("fieldPath", ""),
        _event_source(event),
        (event.get("message") or event.get("note") or "").strip(),
        age_text(first, now_ms),
        series.get("count") or event.get("count") or event.get("deprecatedCount") or 1,
        name(event),
    ]


def _event_source(event: JSONObject) -> str:
    source = event.get("source") or event.get("deprecatedSource") or {}
    reporter = event.get("reportingComponent") or event.get("reportingController")
    component = source.get("component") or reporter or ""
    host = source.get("host") or event.get("reportingInstance") or ""
    return f"{component}, {host}" if host else str(component)


def _config_map_row(config_map: JSONObject, now_ms: int) -> list[Any]:
    count = len(config_map.get("data") or ()) + len(config_map.get("binaryData") or ())
    return [name(config_map), count, age(config_map, now_ms)]


def _secret_row(secret: JSONObject, now_ms: int) -> list[Any]:
    count = len(secret.get("data") or ())
    return [name(secret), secret.get("type", ""), count, age(secret, now_ms)]


def _service_account_row(account: JSONObject, now_ms: int) -> list[Any]:
    return [name(account), age(account, now_ms)]


def _resource_quota_row(quota: JSONObject, now_ms: int) -> list[Any]:
    used = status(quota).get("used") or {}
    hard = status(quota).get("hard") or {}
    texts = {key: f"{key}: {used.get(key, '0')}/{hard[key]}" for key in sorted(hard)}
    limits = [text for key, text in texts.items() if key.startswith("limits")]
    requests = [text for key, text in texts.items() if not key.startswith("limits")]
    return [name(quota), ", ".join(requests), ", ".join(limits), age(quota, now_ms)]


def _component_status_row(component: JSONObject, now_ms: int) -> list[Any]:
    del now_ms
    condition: JSONObject = next(
        (entry for entry in component.get("conditions") or () if entry.get("type") == "Healthy"),
        {},
    )
    word = {"True": "Healthy", "False": "Unhealthy"}.get(condition.get("status", ""), "Unknown")
    return [name(component), word, condition.get("message", ""), condition.get("error", "")]


def access_modes_text(modes: list[str] | None) -> str:
    """Access modes in short, once each: ``RWO,ROX``."""
    known = dict.fromkeys(_ACCESS_MODES[mode] for mode in modes or () if mode in _ACCESS_MODES)
    order = ("RWO", "ROX", "RWX", "RWOP")
    return ",".join(mode for mode in order if mode in known)


def _persistent_volume_row(volume: JSONObject, now_ms: int) -> list[Any]:
    desired = spec(volume)
    claim = desired.get("claimRef") or {}
    claim_text = f"{claim.get('namespace', '')}/{claim['name']}" if claim.get("name") else ""
    return [
        name(volume),
        (desired.get("capacity") or {}).get("storage", ""),
        access_modes_text(desired.get("accessModes")),
        desired.get("persistentVolumeReclaimPolicy", ""),
        _phase(volume),
        claim_text,
        desired.get("storageClassName", ""),
        desired.get("volumeAttributesClassName") or UNSET,
        status(volume).get("reason", ""),
        age(volume, now_ms),
        desired.get("volumeMode") or UNSET,
    ]


def _persistent_volume_claim_row(claim: JSONObject, now_ms: int) -> list[Any]:
    desired, observed = spec(claim), status(claim)
    bound = bool(desired.get("volumeName"))
    return [
        name(claim),
        _phase(claim),
        desired.get("volumeName", ""),
        (observed.get("capacity") or {}).get("storage", "") if bound else "",
        access_modes_text(observed.get("accessModes")) if bound else "",
        desired.get("storageClassName", ""),
        desired.get("volumeAttributesClassName") or UNSET,
        age(claim, now_ms),
        desired.get("volumeMode") or UNSET,
    ]


def _phase(obj: JSONObject) -> str:
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    phase: str = status(obj).get("phase", "")
    return phase


def _storage_class_row(storage_class: JSONObject, now_ms: int) -> list[Any]:
    annotations = storage_class["metadata"].get("annotations") or {}
    is_default = "true" in (annotations.get(_DEFAULT_CLASS), annotations.get(_DEFAULT_CLASS_BETA))
    return [
        name(storage_class) + (" (default)" if is_default else ""),
        storage_class.get("provisioner", ""),
        storage_class.get("reclaimPolicy") or "Delete",
        storage_class.get("volumeBindingMode") or "Immediate",
        bool(storage_class.get("allowVolumeExpansion")),
        age(storage_class, now_ms),
    ]


def _volume_attributes_class_row(obj: JSONObject, now_ms: int) -> list[Any]:
    return [name(obj), obj.get("driverName", ""), age(obj, now_ms)]


def _volume_attachment_row(attachment: JSONObject, now_ms: int) -> list[Any]:
    source = spec(attachment).get("source") or {}
    return [
        name(attachment),
        spec(attachment).get("attacher", ""),
        source.get("persistentVolumeName", ""),
        spec(attachment).get("nodeName", ""),
        bool(status(attachment).get("attached")),
        age(attachment, now_ms),
    ]


def _csi_driver_row(driver: JSONObject, now_ms: int) -> list[Any]:
    desired = spec(driver)
    tokens = [entry.get("audience", "") for entry in desired.get("tokenRequests") or ()]
    return [
        name(driver),
        bool(desired.get("attachRequired", True)),
        bool(desired.get("podInfoOnMount")),
        bool(desired.get("storageCapacity")),
        ",".join(tokens) or UNSET,
        bool(desired.get("requiresRepublish")),
        ",".join(desired.get("volumeLifecycleModes") or ()) or NONE,
        age(driver, now_ms),
    ]


def _csi_node_row(node: JSONObject, now_ms: int) -> list[Any]:
    return [name(node), len(spec(node).get("drivers") or ()), age(node, now_ms)]


def _csi_capacity_row(capacity: JSONObject, now_ms: int) -> list[Any]:
    del now_ms
    return [
        name(capacity),
        capacity.get("storageClassName", ""),
        capacity.get("capacity") or UNSET,
    ]


def _binding_row(binding: JSONObject, now_ms: int) -> list[Any]:
    role = binding.get("roleRef") or {}
    subjects: dict[str, list[str]] = {"Group": [], "ServiceAccount": [], "User": []}
    for subject in binding.get("subjects") or ():
        text = subject.get("name", "")
        if subject.get("kind") == "ServiceAccount":
            text = f"{subject.get('namespace', '')}/{text}"
        subjects.setdefault(subject.get("kind", ""), []).append(text)
    return [
        name(binding),
        f"{role.get('kind', '')}/{role.get('name', '')}",
        age(binding, now_ms),
        ", ".join(subjects["User"]),
        ", ".join(subjects["Group"]),
        ", ".join(subjects["ServiceAccount"]),
    ]


def _csr_row(request: JSONObject, now_ms: int) -> list[Any]:
    seconds = spec(request).get("expirationSeconds")
    return [
        name(request),
        age(request, now_ms),
        spec(request).get("signerName") or NONE,
        spec(request).get("username", ""),
        NONE if seconds is None else human_duration(seconds * 1000),
        _csr_condition(request),
    ]


def _csr_condition(request: JSONObject) -> str:
    types = {entry.get("type") for entry in status(request).get("conditions") or ()}
    words = [word for word in ("Approved", "Denied", "Failed") if word in types]
    if words[:2] == ["Approved", "Denied"]:
        words.remove("Approved")
    if not words:
        return "Pending"
    if status(request).get("certificate"):
        words.append("Issued")
    return ",".join(words)


def _lease_row(lease: JSONObject, now_ms: int) -> list[Any]:
    return [name(lease), spec(lease).get("holderIdentity") or "", age(lease, now_ms)]


def _priority_class_row(priority_class: JSONObject, now_ms: int) -> list[Any]:
    return [
        name(priority_class),
        priority_class.get("value") or 0,
        bool(priority_class.get("globalDefault")),
        age(priority_class, now_ms),
        priority_class.get("preemptionPolicy", ""),
    ]


def _runtime_class_row(runtime_class: JSONObject, now_ms: int) -> list[Any]:
    return [name(runtime_class), runtime_class.get("handler", ""), age(runtime_class, now_ms)]


def _webhooks_row(configuration: JSONObject, now_ms: int) -> list[Any]:
    count = len(configuration.get("webhooks") or ())
    return [name(configuration), count, age(configuration, now_ms)]


def _admission_policy_row(policy: JSONObject, now_ms: int) -> list[Any]:
    kind = spec(policy).get("paramKind") or {}
    text = f"{kind.get('apiVersion', '')}/{kind.get('kind', '')}" if kind else UNSET
    rules = spec(policy).get("validations") or spec(policy).get("mutations") or ()
    return [name(policy), len(rules), text, age(policy, now_ms)]


def _admission_binding_row(binding: JSONObject, now_ms: int) -> list[Any]:
    parameter = spec(binding).get("paramRef") or {}
    text = UNSET
    if parameter:
        namespace = parameter.get("namespace")
        text = (
            f"{namespace}/{parameter.get('name', '')}" if namespace else parameter.get("name", "*")
        )
    return [name(binding), spec(binding).get("policyName", ""), text, age(binding, now_ms)]


def _clock_row(clock: JSONObject, now_ms: int) -> list[Any]:
    desired, observed = spec(clock), status(clock)
    return [
        name(clock),
        str(desired.get("speed", 1)),
        bool_text(bool(desired.get("paused"))),
        observed.get("now", ""),
        observed.get("eventsProcessed") or 0,
        age(clock, now_ms),
    ]


def _fault_row(fault: JSONObject, now_ms: int) -> list[Any]:
    desired = spec(fault)
    return [
        name(fault),
        desired.get("type", ""),
        _target_text(desired.get("target") or {}),
        desired.get("startAfter") or NONE,
        desired.get("duration") or NONE,
        status(fault).get("phase", ""),
        age(fault, now_ms),
    ]


def _target_text(target: JSONObject) -> str:
    if target.get("node"):
        return f"node/{target['node']}"
    if target.get("pod"):
        namespace = target.get("namespace") or "default"
        container = f":{target['container']}" if target.get("container") else ""
        return f"pod/{namespace}/{target['pod']}{container}"
    return "pods by label" if target.get("podSelector") else NONE


def _traffic_row(traffic: JSONObject, now_ms: int) -> list[Any]:
    desired, observed = spec(traffic), status(traffic)
    return [
        name(traffic),
        str(desired.get("to", "")),
        str(desired.get("requestsPerSecond", "")),
        observed.get("requests") or 0,
        observed.get("failures") or 0,
        age(traffic, now_ms),
    ]


def _image_profile_row(profile: JSONObject, now_ms: int) -> list[Any]:
    desired = spec(profile)
    return [
        name(profile),
        desired.get("image", ""),
        str(desired.get("size", "")),
        ",".join(str(port) for port in desired.get("ports") or ()) or NONE,
        age(profile, now_ms),
    ]


def _lesson_row(lesson: JSONObject, now_ms: int) -> list[Any]:
    return [
        name(lesson),
        spec(lesson).get("title", ""),
        len(spec(lesson).get("steps") or ()),
        age(lesson, now_ms),
    ]


_BINDING_COLUMNS = (
    NAME,
    Column("Role", description="The role that is granted."),
    AGE,
    wide("Users"),
    wide("Groups"),
    wide("ServiceAccounts"),
)
_POLICY_BINDING_COLUMNS = (NAME, Column("PolicyName"), Column("ParamRef"), AGE)
_SIM = "sim.podarium.dev"
_WEBHOOK_COLUMNS = (NAME, integer("Webhooks", "How many webhooks there are."), AGE)
_ADMISSION = "admissionregistration.k8s.io"
_RBAC = "rbac.authorization.k8s.io"

EVENT_PRINTER = TablePrinter(
    (
        Column("Last Seen", description="How long ago it happened last."),
        Column("Type", description="Normal or Warning."),
        Column("Reason", description="What happened, in one word."),
        Column("Object", description="What it happened to."),
        wide("Subobject", "Which part of it."),
        wide("Source", "Who reported it."),
        Column("Message", description="What happened, in full."),
        wide("First Seen", "How long ago it happened first."),
        Column("Count", "integer", priority=1, description="How often it happened."),
        Column("Name", format="name", priority=1),
    ),
    _event_row,
)

PRINTERS: dict[tuple[str, str], TablePrinter] = {
    ("", "componentstatuses"): TablePrinter(
        (NAME, Column("Status"), Column("Message"), Column("Error")), _component_status_row
    ),
    ("", "configmaps"): TablePrinter(
        (NAME, integer("Data", "How many entries there are."), AGE), _config_map_row
    ),
    ("", "events"): EVENT_PRINTER,
    ("", "namespaces"): TablePrinter(
        (NAME, Column("Status", description="Active or Terminating."), AGE), _namespace_row
    ),
    ("", "nodes"): TablePrinter(
        (
            NAME,
            Column("Status", description="Whether the Node is ready and takes new Pods."),
            Column("Roles", description="What the Node is for."),
            AGE,
            Column("Version", description="The kubelet's version."),
            wide("Internal-IP"),
            wide("External-IP"),
            wide("OS-Image"),
            wide("Kernel-Version"),
            wide("Container-Runtime"),
        ),
        _node_row,
    ),
    ("", "persistentvolumeclaims"): TablePrinter(
        (
            NAME,
            Column("Status"),
            Column("Volume"),
            Column("Capacity"),
            Column("Access Modes"),
            Column("StorageClass"),
            Column("VolumeAttributesClass"),
            AGE,
            wide("VolumeMode"),
        ),
        _persistent_volume_claim_row,
    ),
    ("", "persistentvolumes"): TablePrinter(
        (
            NAME,
            Column("Capacity"),
            Column("Access Modes"),
            Column("Reclaim Policy"),
            Column("Status"),
            Column("Claim"),
            Column("StorageClass"),
            Column("VolumeAttributesClass"),
            Column("Reason"),
            AGE,
            wide("VolumeMode"),
        ),
        _persistent_volume_row,
    ),
    ("", "resourcequotas"): TablePrinter(
        (NAME, Column("Request"), Column("Limit"), AGE), _resource_quota_row
    ),
    ("", "secrets"): TablePrinter(
        (NAME, Column("Type"), integer("Data", "How many entries there are."), AGE), _secret_row
    ),
    ("", "serviceaccounts"): TablePrinter((NAME, AGE), _service_account_row),
    (_ADMISSION, "mutatingadmissionpolicies"): TablePrinter(
        (NAME, integer("Mutations"), Column("ParamKind"), AGE), _admission_policy_row
    ),
    (_ADMISSION, "mutatingadmissionpolicybindings"): TablePrinter(
        _POLICY_BINDING_COLUMNS, _admission_binding_row
    ),
    (_ADMISSION, "mutatingwebhookconfigurations"): TablePrinter(_WEBHOOK_COLUMNS, _webhooks_row),
    (_ADMISSION, "validatingadmissionpolicies"): TablePrinter(
        (NAME, integer("Validations"), Column("ParamKind"), AGE), _admission_policy_row
    ),
    (_ADMISSION, "validatingadmissionpolicybindings"): TablePrinter(
        _POLICY_BINDING_COLUMNS, _admission_binding_row
    ),
    (_ADMISSION, "validatingwebhookconfigurations"): TablePrinter(_WEBHOOK_COLUMNS, _webhooks_row),
    ("certificates.k8s.io", "certificatesigningrequests"): TablePrinter(
        (
            NAME,
            AGE,
            Column("SignerName"),
            Column("Requestor"),
            Column("RequestedDuration"),
            Column("Condition"),
        ),
        _csr_row,
    ),
    ("coordination.k8s.io", "leases"): TablePrinter(
        (NAME, Column("Holder", description="Who holds the lease."), AGE), _lease_row
    ),
    ("events.k8s.io", "events"): EVENT_PRINTER,
    ("node.k8s.io", "runtimeclasses"): TablePrinter(
        (NAME, Column("Handler", description="Which runtime handles the Pods."), AGE),
        _runtime_class_row,
    ),
    (_RBAC, "clusterrolebindings"): TablePrinter(_BINDING_COLUMNS, _binding_row),
    (_RBAC, "rolebindings"): TablePrinter(_BINDING_COLUMNS, _binding_row),
    ("scheduling.k8s.io", "priorityclasses"): TablePrinter(
        (
            NAME,
            integer("Value", "The priority of Pods of this class."),
            Column("Global-Default", "boolean"),
            AGE,
            Column("PreemptionPolicy"),
        ),
        _priority_class_row,
    ),
    (_SIM, "clocks"): TablePrinter(
        (
            NAME,
            Column("Speed", description="Virtual seconds a second."),
            Column("Paused", description="Whether time stands still."),
            Column("Now", description="The virtual time."),
            integer("Events", "Events processed so far."),
            AGE,
        ),
        _clock_row,
    ),
    (_SIM, "faults"): TablePrinter(
        (
            NAME,
            Column("Type", description="What breaks."),
            Column("Target", description="Where."),
            Column("After", description="How long after creation."),
            Column("Duration", description="For how long."),
            Column("Status"),
            AGE,
        ),
        _fault_row,
    ),
    (_SIM, "imageprofiles"): TablePrinter(
        (NAME, Column("Image"), Column("Size"), Column("Ports"), AGE), _image_profile_row
    ),
    (_SIM, "lessons"): TablePrinter((NAME, Column("Title"), integer("Steps"), AGE), _lesson_row),
    (_SIM, "traffics"): TablePrinter(
        (
            NAME,
            Column("To", description="Where requests go."),
            Column("Rate", description="Requests a second."),
            integer("Requests"),
            integer("Failures"),
            AGE,
        ),
        _traffic_row,
    ),
    ("storage.k8s.io", "csidrivers"): TablePrinter(
        (
            NAME,
            Column("AttachRequired", "boolean"),
            Column("PodInfoOnMount", "boolean"),
            Column("StorageCapacity", "boolean"),
            Column("TokenRequests"),
            Column("RequiresRepublish", "boolean"),
            Column("Modes"),
            AGE,
        ),
        _csi_driver_row,
    ),
    ("storage.k8s.io", "csinodes"): TablePrinter(
        (NAME, integer("Drivers", "How many drivers run there."), AGE), _csi_node_row
    ),
    ("storage.k8s.io", "csistoragecapacities"): TablePrinter(
        (NAME, Column("StorageClassName"), Column("Capacity")), _csi_capacity_row
    ),
    ("storage.k8s.io", "storageclasses"): TablePrinter(
        (
            NAME,
            Column("Provisioner"),
            Column("ReclaimPolicy"),
            Column("VolumeBindingMode"),
            Column("AllowVolumeExpansion", "boolean"),
            AGE,
        ),
        _storage_class_row,
    ),
    ("storage.k8s.io", "volumeattachments"): TablePrinter(
        (
            NAME,
            Column("Attacher"),
            Column("PV"),
            Column("Node"),
            Column("Attached", "boolean"),
            AGE,
        ),
        _volume_attachment_row,
    ),
    ("storage.k8s.io", "volumeattributesclasses"): TablePrinter(
        (NAME, Column("DriverName"), AGE), _volume_attributes_class_row
    ),
}
"""(group, resource) → how it is printed, sorted."""
