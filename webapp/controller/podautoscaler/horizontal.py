"""The HorizontalPodAutoscaler controller: every 15 s, as many replicas as the metrics ask for.

Autoscalers and Pods enter through informers, use of resources through metrics.k8s.io; the target's
scale, the autoscaler's status and Events leave.

Deviation: metrics of types Pods, Object and External have no API here, as in a cluster without an
adapter for them.

Models:
    pkg/controller/podautoscaler/horizontal.go HorizontalController
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from webapp.api.resources import HORIZONTAL_POD_AUTOSCALERS, POD_METRICS, PODS
from webapp.apimachinery.labels import parse_selector
from webapp.apimachinery.meta import namespaced_name, with_fields
from webapp.apimachinery.quantity import parse_quantity
from webapp.apimachinery.schema import parse_api_version
from webapp.apimachinery.status import StatusError
from webapp.controller.controller import Controller
from webapp.controller.custom_kinds import CustomKinds
from webapp.controller.indexes import BY_NAMESPACE, namespace_of
from webapp.controller.podautoscaler.normalization import Bounds, ScaleHistory, Words, normalize
from webapp.controller.podautoscaler.pod_metrics import (
    MetricsError,
    metrics_of,
    requests_of,
    utilization_of_amount,
    utilization_of_requests,
)
from webapp.controller.podautoscaler.replica_calculator import Proposal, Tolerances, propose
from webapp.controller.podautoscaler.status import (
    ABLE_TO_SCALE,
    SCALING_ACTIVE,
    SCALING_LIMITED,
    StatusDraft,
    metric_status,
)

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.schema import GroupVersionResource
    from webapp.controller.context import ControllerContext
    from webapp.controller.podautoscaler.pod_metrics import PodMetric

SYNC_PERIOD_MS = 15_000
DEFAULT_TOLERANCE = 0.1
_NO_ADAPTER = {
    "External": (
        "FailedGetExternalMetric",
        "failed to get external metric {name}: unable to get external metric {namespace}/{name}/nil: "
        "unable to fetch metrics from external metrics API: the server could not find the requested "
        "resource (get {name}.external.metrics.k8s.io)",
    ),
    "Object": (
        "FailedGetObjectMetric",
        "failed to get object metric value: unable to get metric {name}: no metrics returned from "
        "custom metrics API",
    ),
    "Pods": (
        "FailedGetPodsMetric",
        "failed to get pods metric value: unable to get metric {name}: no metrics returned from "
        "custom metrics API",
    ),
}


class _UnableError(Exception):
    """The number of replicas cannot be computed.

    Args:
        reason: Of the Event and the condition ScalingActive.
        message: What stands in the way.
        told: What the condition says, if not the usual words around ``message``.
    """

    def __init__(self, reason: str, message: str, told: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.told = told or f"the HPA was unable to compute the replica count: {message}"


class _Target(NamedTuple):
    resource: GroupVersionResource
    scale: JSONObject

    @property
    def replicas(self) -> int:
        """What the target asks for."""
        return int(self.scale["spec"].get("replicas") or 0)


class _Wanted(NamedTuple):
    replicas: int
    metric: str
    statuses: list[JSONObject]


class HorizontalController(Controller):
    """Keys are ``namespace/name`` of autoscalers."""

    name = "horizontal-pod-autoscaler-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._events = context.events("horizontal-pod-autoscaler")
        self._histories: dict[str, ScaleHistory] = {}
        self._selectors: dict[str, str] = {}
        self._built_in = {(info.group, info.kind): info.gvr for info in context.resources}
        self._custom = CustomKinds(context.informers)
        self._autoscalers = context.informers.informer(HORIZONTAL_POD_AUTOSCALERS)
        self._pods = context.informers.informer(PODS)
        self._pods.add_index(BY_NAMESPACE, namespace_of)
        self._autoscalers.add_handler(
            on_add=lambda obj: self._sync_later(namespaced_name(obj)),
            on_update=lambda _, new: self._sync_later(namespaced_name(new)),
            on_delete=self._on_delete,
        )

    def sync(self, key: str) -> None:
        """Look at the metrics, and again a period later, whatever comes of it."""
        autoscaler = self._autoscalers.get(key)
        if autoscaler is None:
            return
        self._sync_later(key)
        draft = StatusDraft(autoscaler, self.sim.now_ms)
        try:
            self._reconcile(key, autoscaler, draft)
        finally:
            if draft.status != (autoscaler.get("status") or {}):
                status = {
                    field: value for field, value in draft.status.items() if value is not None
                }
                self.client.update(
                    HORIZONTAL_POD_AUTOSCALERS, {**autoscaler, "status": status}, "status"
                )

    def _sync_later(self, key: str) -> None:
        self.enqueue_after(key, SYNC_PERIOD_MS)

    def _reconcile(self, key: str, autoscaler: JSONObject, draft: StatusDraft) -> None:
        try:
            target = self._target(autoscaler)
        except (StatusError, _UnableError) as error:
            message = f"the HPA controller was unable to get the target's current scale: {error}"
            self._events.event(autoscaler, "Warning", "FailedGetScale", str(error))
            draft.set_condition(ABLE_TO_SCALE, Words("False", "FailedGetScale", message))
            return
        message = "the HPA controller was able to get the target's current scale"
        draft.set_condition(ABLE_TO_SCALE, Words("True", "SucceededGetScale", message))
        current = target.replicas
        history = self._histories.get(key)
        if history is None:
            history = self._histories[key] = ScaleHistory()
            history.recommendations.append((self.sim.now_ms, current))
        spec = autoscaler["spec"]
        least, most = int(spec.get("minReplicas", 1)), int(spec["maxReplicas"])
        desired, reason, statuses = current, "", []
        if current == 0 and least:
            message = "scaling is disabled since the replica count of the target is zero"
            draft.set_condition(SCALING_ACTIVE, Words("False", "ScalingDisabled", message))
        elif current > most:
            desired, reason = most, "Current number of replicas above Spec.MaxReplicas"
        elif current < least:
            desired, reason = least, "Current number of replicas below Spec.MinReplicas"
        else:
            wanted = self._wanted(key, autoscaler, target, draft)
            if wanted is None:
                return
            statuses = wanted.statuses
            if wanted.replicas > current:
                reason = f"{wanted.metric} above target"
            elif wanted.replicas < current:
                reason = "All metrics below target"
            decision = normalize(
                history,
                spec.get("behavior"),
                Bounds(least, most, current),
                wanted.replicas,
                self.sim.now_ms,
            )
            draft.set_condition(ABLE_TO_SCALE, decision.able)
            draft.set_condition(SCALING_LIMITED, decision.limited)
            desired = decision.replicas
        rescaled = desired != current
        if rescaled:
            if not self._rescale(autoscaler, target, desired, reason, draft):
                return
            history.note_scale(spec.get("behavior"), current, desired, self.sim.now_ms)
        draft.set_replicas(current, desired, statuses, rescaled=rescaled)

    # --- the target

    def _target(self, autoscaler: JSONObject) -> _Target:
        """The target with its scale.

        Raises:
            StatusError: It cannot be read.
            _UnableError: Its kind is unknown.
        """
        reference = autoscaler["spec"]["scaleTargetRef"]
        group, _ = parse_api_version(reference.get("apiVersion", ""))
        resource = self._resource(group, reference["kind"])
        if resource is None:
            message = f'no matches for kind "{reference["kind"]}" in group "{group}"'
            raise _UnableError("FailedGetScale", message)
        namespace = autoscaler["metadata"]["namespace"]
        return _Target(resource, self.client.get(resource, namespace, reference["name"], "scale"))

    def _resource(self, group: str, kind: str) -> GroupVersionResource | None:
        built_in = self._built_in.get((group, kind))
        if built_in is not None:
            return built_in
        custom = self._custom.find(group, kind)
        return custom.gvr if custom is not None else None

    def _rescale(
        self, autoscaler: JSONObject, target: _Target, desired: int, reason: str, draft: StatusDraft
    ) -> bool:
        scale = with_fields(target.scale, ("spec", "replicas"), desired)
        try:
            self.client.update(target.resource, scale, "scale")
        except StatusError as error:
            message = f"New size: {desired}; reason: {reason}; error: {error}"
            self._events.event(autoscaler, "Warning", "FailedRescale", message)
            message = f"the HPA controller was unable to update the target scale: {error}"
            draft.set_condition(ABLE_TO_SCALE, Words("False", "FailedUpdateScale", message))
            draft.status["currentReplicas"] = target.replicas
            return False
        message = f"the HPA controller was able to update the target scale to {desired}"
        draft.set_condition(ABLE_TO_SCALE, Words("True", "SucceededRescale", message))
        message = f"New size: {desired}; reason: {reason}"
        self._events.event(autoscaler, "Normal", "SuccessfulRescale", message)
        reference = autoscaler["spec"]["scaleTargetRef"]
        self.acted(
            autoscaler,
            f"autoscaler set {reference['kind']} {reference['name']} from {target.replicas} "
            f"to {desired} replicas: {reason}",
        )
        return True

    # --- the metrics

    def _wanted(
        self, key: str, autoscaler: JSONObject, target: _Target, draft: StatusDraft
    ) -> _Wanted | None:
        """What the metrics together ask for; ``None`` when that cannot be said."""
        spec = autoscaler["spec"]
        statuses: list[JSONObject] = []
        replicas, name = 0, ""
        first: tuple[_UnableError, JSONObject] | None = None
        failures = 0
        try:
            pods, selector = self._pods_of(key, autoscaler, target.scale)
            metrics = spec.get("metrics") or []
        except _UnableError as error:
            draft.set_condition(SCALING_ACTIVE, Words("False", error.reason, error.told))
            self._events.event(autoscaler, "Warning", "FailedComputeMetricsReplicas", str(error))
            draft.status["currentReplicas"] = target.replicas
            return None
        for metric in metrics:
            try:
                proposal, metric_name = self._propose(
                    autoscaler, metric, pods, selector, target.replicas
                )
            except _UnableError as error:
                self._events.event(autoscaler, "Warning", error.reason, str(error))
                first = first or (error, metric)
                failures += 1
                continue
            seen = proposal.utilization
            statuses.append(metric_status(metric, Fraction(seen.average, 1000), seen.percent))
            if not replicas or proposal.replicas > replicas:
                replicas, name = proposal.replicas, metric_name
        if first is not None and (failures == len(metrics) or replicas < target.replicas):
            problem, failed = first
            draft.set_condition(SCALING_ACTIVE, Words("False", problem.reason, problem.told))
            draft.set_replicas(target.replicas, draft.status.get("desiredReplicas", 0), statuses)
            message = (
                f"invalid metrics ({failures} invalid out of {len(metrics)}), first error is: "
                f"{_failure_prefix(failed, problem)}{problem}"
            )
            self._events.event(autoscaler, "Warning", "FailedComputeMetricsReplicas", message)
            return None
        message = f"the HPA was able to successfully calculate a replica count from {name}"
        draft.set_condition(SCALING_ACTIVE, Words("True", "ValidMetricFound", message))
        return _Wanted(replicas, name, statuses)

    def _pods_of(
        self, key: str, autoscaler: JSONObject, scale: JSONObject
    ) -> tuple[list[JSONObject], str]:
        """The target's Pods and its selector.

        Raises:
            _UnableError: There is no selector, or another autoscaler's selector meets the same Pods.
        """
        text = (scale.get("status") or {}).get("selector") or ""
        if not text:
            self._events.event(autoscaler, "Warning", "SelectorRequired", "")
            told = "the HPA target's scale is missing a selector"
            raise _UnableError("InvalidSelector", "selector is required", told)
        namespace = autoscaler["metadata"]["namespace"]
        selector = parse_selector(text)
        pods = [
            pod
            for pod in self._pods.by_index(BY_NAMESPACE, namespace)
            if selector.matches(pod["metadata"].get("labels"))
        ]
        self._selectors[key] = text
        rivals = self._rivals(key, pods)
        if rivals:
            names = " ".join(sorted([key, *rivals]))
            message = f"pods by selector {text} are controlled by multiple HPAs: [{names}]"
            self._events.event(autoscaler, "Warning", "AmbiguousSelector", message)
            raise _UnableError("AmbiguousSelector", message, message)
        return pods, text

    def _rivals(self, key: str, pods: list[JSONObject]) -> list[str]:
        namespace = key.partition("/")[0] + "/"
        rivals = []
        for other, text in self._selectors.items():
            if other == key or not other.startswith(namespace):
                continue
            selector = parse_selector(text)
            if any(selector.matches(pod["metadata"].get("labels")) for pod in pods):
                rivals.append(other)
        return rivals

    def _propose(
        self,
        autoscaler: JSONObject,
        metric: JSONObject,
        pods: list[JSONObject],
        selector: str,
        current: int,
    ) -> tuple[Proposal, str]:
        """How many replicas one metric asks for, and what the metric is called.

        Raises:
            _UnableError: It cannot be computed.
        """
        type_ = metric["type"]
        namespace = autoscaler["metadata"]["namespace"]
        if type_ in _NO_ADAPTER:
            reason, template = _NO_ADAPTER[type_]
            source = metric[type_[0].lower() + type_[1:]]
            name = (source.get("metric") or {}).get("name", "")
            raise _UnableError(reason, template.format(name=name, namespace=namespace))
        field = "resource" if type_ == "Resource" else "containerResource"
        source = metric[field]
        resource, container = source["name"], source.get("container", "")
        target = source.get("target") or {}
        amount = target.get("averageValue")
        try:
            found = self._resource_metrics(namespace, selector, resource, container)
            return _propose_resource(
                found,
                pods,
                current,
                resource=resource,
                container=container,
                target=target,
                tolerances=_tolerances(autoscaler["spec"].get("behavior")),
                now_ms=self.sim.now_ms,
            )
        except MetricsError as error:
            what = "usage" if amount is not None else "utilization"
            message = f"failed to get {resource} {what}: {error}"
            raise _UnableError(f"FailedGet{type_}Metric", message) from error

    def _resource_metrics(
        self, namespace: str, selector: str, resource: str, container: str
    ) -> dict[str, PodMetric]:
        prefix = f"unable to get metrics for resource {resource}: "
        try:
            items = self.client.list(POD_METRICS, namespace, label_selector=selector)
        except StatusError as error:
            message = f"{prefix}unable to fetch metrics from resource metrics API: {error}"
            raise MetricsError(message) from error
        if not items:
            raise MetricsError(f"{prefix}no metrics returned from resource metrics API")
        return metrics_of(items, resource, container)

    def _on_delete(self, autoscaler: JSONObject) -> None:
        key = namespaced_name(autoscaler)
        self._histories.pop(key, None)
        self._selectors.pop(key, None)


def _propose_resource(
    found: dict[str, PodMetric],
    pods: list[JSONObject],
    current: int,
    *,
    resource: str,
    container: str,
    target: JSONObject,
    tolerances: Tolerances,
    now_ms: int,
) -> tuple[Proposal, str]:
    kind = f"{resource} container resource" if container else f"{resource} resource"
    amount, percent = target.get("averageValue"), target.get("averageUtilization")
    if amount is not None:
        wanted = int(parse_quantity(amount) * 1000)
        proposal = propose(
            pods,
            found,
            current,
            resource=resource,
            fallback=wanted,
            utilization=lambda metrics: utilization_of_amount(metrics, wanted),
            tolerances=tolerances,
            now_ms=now_ms,
        )
        return proposal, kind
    if percent is None:
        raise MetricsError(
            "invalid resource metric source: neither an average utilization target nor an average "
            "value (usage) target was set"
        )
    requests = requests_of(pods, resource, container)
    proposal = propose(
        pods,
        found,
        current,
        resource=resource,
        fallback=requests,
        utilization=lambda metrics: utilization_of_requests(metrics, requests, percent),
        tolerances=tolerances,
        now_ms=now_ms,
    )
    return proposal, f"{kind} utilization (percentage of request)"


def _tolerances(behavior: JSONObject | None) -> Tolerances:
    down, up = (
        ((behavior or {}).get(field) or {}).get("tolerance") for field in ("scaleDown", "scaleUp")
    )
    return Tolerances(
        DEFAULT_TOLERANCE if down is None else float(parse_quantity(down)),
        DEFAULT_TOLERANCE if up is None else float(parse_quantity(up)),
    )


def _failure_prefix(metric: JSONObject, error: _UnableError) -> str:
    """What the sum of failures puts before the first of them."""
    if error.reason == "FailedGetResourceMetric":
        return f"failed to get {metric['resource']['name']} resource metric value: "
    if error.reason == "FailedGetContainerResourceMetric":
        return f"failed to get {metric['containerResource']['name']} container metric value: "
    return ""
