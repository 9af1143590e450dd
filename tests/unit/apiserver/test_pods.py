"""Pods: admission, binding, eviction, logs."""

import pytest

from tests.unit.apiserver.harness import PODS, make_pod
from webapp.apimachinery.wire import LogResponse

ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"


def binding(name="web", node="n1", **metadata):
    return {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": name, **metadata},
        "target": {"kind": "Node", "name": node},
    }


def test_token_is_mounted_in_every_container(api):
    """The ServiceAccount plugin adds one projected volume and a mount a container."""
    pod = api.pod(initContainers=[{"name": "init", "image": "busybox"}])

    volume = pod["spec"]["volumes"][-1]
    assert volume["name"].startswith("kube-api-access-")
    assert volume["projected"]["sources"][0]["serviceAccountToken"]["expirationSeconds"] == 3607
    for container in (*pod["spec"]["containers"], *pod["spec"]["initContainers"]):
        assert container["volumeMounts"][-1]["name"] == volume["name"]
    assert pod["spec"]["serviceAccountName"] == "default"


def test_token_is_not_mounted_when_not_wanted(api):
    """automountServiceAccountToken of the Pod decides."""
    assert "volumes" not in api.pod(automountServiceAccountToken=False)["spec"]


def test_missing_account_is_forbidden(api):
    """The refusal names the account."""
    status = api.refused(403, "POST", PODS, make_pod(serviceAccountName="robot"))

    assert status["message"] == (
        'pods "web" is forbidden: error looking up service account default/robot: '
        'serviceaccount "robot" not found'
    )


def test_default_tolerations_are_added_once(api):
    """A toleration of one's own keeps the default one away."""
    own = {
        "key": "node.kubernetes.io/not-ready",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 5,
    }

    tolerations = api.pod(tolerations=[own])["spec"]["tolerations"]

    assert [(t["key"], t["tolerationSeconds"]) for t in tolerations] == [
        ("node.kubernetes.io/not-ready", 5),
        ("node.kubernetes.io/unreachable", 300),
    ]


def test_priority_class_becomes_a_number(api):
    """Known classes are resolved, unknown ones refused."""
    assert api.pod(priorityClassName="system-node-critical")["spec"]["priority"] == 2_000_001_000

    status = api.refused(403, "POST", PODS, make_pod("b", priorityClassName="vip"))
    assert status["message"] == 'pods "b" is forbidden: no PriorityClass with name vip was found'


def test_limit_range_fills_in_and_refuses(api):
    """Default requests are filled in; what is above the maximum is refused."""
    item = {
        "type": "Container",
        "default": {"cpu": "500m"},
        "defaultRequest": {"cpu": "100m"},
        "max": {"cpu": "1"},
    }
    body = {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "l"},
        "spec": {"limits": [item]},
    }
    api.post("/api/v1/namespaces/default/limitranges", body)

    resources = api.pod()["spec"]["containers"][0]["resources"]
    assert resources == {"limits": {"cpu": "500m"}, "requests": {"cpu": "100m"}}

    big = make_pod("big")
    big["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "2"}}
    status = api.refused(403, "POST", PODS, big)
    assert status["message"] == (
        'pods "big" is forbidden: maximum cpu usage per Container is 1, but limit is 2'
    )


QUOTAS = "/api/v1/namespaces/default/resourcequotas"


def make_quota(api, used=None, **spec):
    """A quota as its controller leaves it; without ``used``, as nobody has looked at it yet."""
    body = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": spec}
    stored = api.post(QUOTAS, body)
    if used is not None:
        status = {"hard": spec["hard"], "used": used}
        api.ok("PUT", f"{QUOTAS}/q/status", {**stored, "status": status})


def test_quota_bounds_the_number_of_pods(api):
    """The Pod over the quota is refused with the sums; what is granted is used at once."""
    make_quota(api, {"pods": "0"}, hard={"pods": "1"})
    api.pod("a")

    status = api.refused(403, "POST", PODS, make_pod("b"))

    assert status["message"] == (
        'pods "b" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1'
    )
    assert api.get(f"{QUOTAS}/q")["status"]["used"] == {"pods": "1"}


def test_a_quota_on_cpu_makes_stating_it_a_duty(api):
    """All that is missing is named, by resource and container."""
    hard = {"limits.cpu": "1", "requests.memory": "1Gi"}
    make_quota(api, dict.fromkeys(hard, "0"), hard=hard)

    status = api.refused(403, "POST", PODS, make_pod())

    assert status["message"] == (
        'pods "web" is forbidden: failed quota: q: must specify limits.cpu for: main; '
        "requests.memory for: main"
    )


def test_a_quota_that_nobody_has_looked_at_bounds_nothing(api):
    """Enforcement begins once the controller has written status."""
    make_quota(api, hard={"pods": "0"})

    api.pod()


def test_a_resource_whose_use_is_unknown_is_refused(api):
    """Better none than too many."""
    make_quota(api, {}, hard={"pods": "5"})

    status = api.refused(403, "POST", PODS, make_pod())

    assert status["message"].endswith("status unknown for quota: q, resources: pods")


@pytest.mark.parametrize(
    ("scope", "refused"),
    [
        pytest.param("BestEffort", True, id="the Pod states nothing"),
        pytest.param("NotBestEffort", False, id="other Pods"),
        pytest.param("NotTerminating", True, id="the Pod runs for ever"),
        pytest.param("Terminating", False, id="Pods with a deadline"),
    ],
)
def test_scopes_choose_the_pods_that_a_quota_bounds(api, scope, refused):
    """A Pod outside of the scope is none of the quota's business."""
    make_quota(api, {"pods": "0"}, hard={"pods": "0"}, scopes=[scope])

    response = api.send("POST", PODS, make_pod())

    assert response.status_code == (403 if refused else 201)


def test_binding_sets_node_and_condition(api):
    """The scheduler's POST gives the Pod its Node and PodScheduled."""
    api.pod()

    assert api.post(f"{PODS}/web/binding", binding())["status"] == "Success"

    pod = api.get(f"{PODS}/web")
    assert pod["spec"]["nodeName"] == "n1"
    condition = pod["status"]["conditions"][0]
    assert (condition["type"], condition["status"]) == ("PodScheduled", "True")


def test_binding_may_be_posted_to_the_collection(api):
    """The older path names the Pod in the body."""
    api.pod()

    api.post("/api/v1/namespaces/default/bindings", binding())

    assert api.get(f"{PODS}/web")["spec"]["nodeName"] == "n1"


def test_second_binding_is_a_conflict(api):
    """A Pod is bound once."""
    api.pod()
    api.post(f"{PODS}/web/binding", binding())

    status = api.refused(409, "POST", f"{PODS}/web/binding", binding(node="n2"))

    assert status["message"] == (
        'Operation cannot be fulfilled on pods/binding "web": pod web is already assigned to node "n1"'
    )


def test_binding_needs_a_node(api):
    """target.name is required."""
    api.pod()

    status = api.refused(422, "POST", f"{PODS}/web/binding", binding(node=""))

    assert "target.name: Required value" in status["message"]


def test_bound_pod_being_deleted_cannot_be_bound(api):
    """Nobody starts what is going."""
    body = make_pod()
    body["metadata"]["finalizers"] = ["example.com/wait"]
    api.post(PODS, body)
    api.delete(f"{PODS}/web")

    status = api.refused(409, "POST", f"{PODS}/web/binding", binding())

    assert "pod web is being deleted, cannot be assigned to a host" in status["message"]


def make_budget(api, allowed, *, current=1, observed=1, **spec):
    body = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "pdb"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}, **spec},
    }
    stored = api.post(BUDGETS, body)
    status = {
        "disruptionsAllowed": allowed,
        "desiredHealthy": 1,
        "currentHealthy": current,
        "expectedPods": 1,
        "observedGeneration": observed,
    }
    api.ok("PUT", f"{BUDGETS}/pdb/status", {**stored, "status": status})


def run(api, *, is_ready=True):
    api.pod()
    api.post(f"{PODS}/web/binding", binding())
    ready = [{"type": "Ready", "status": "True" if is_ready else "False"}]
    api.patch(f"{PODS}/web/status", {"status": {"phase": "Running", "conditions": ready}})


EVICTION = {
    "apiVersion": "policy/v1",
    "kind": "Eviction",
    "metadata": {"name": "web", "namespace": "default"},
}


def test_eviction_respects_the_budget(api):
    """Without disruptions left the answer is 429 with its cause."""
    run(api)
    make_budget(api, 0)

    status = api.refused(429, "POST", f"{PODS}/web/eviction", EVICTION)

    assert status["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
    assert status["details"]["causes"] == [
        {
            "reason": "DisruptionBudget",
            "message": "The disruption budget pdb needs 1 healthy pods and has 1 currently",
        }
    ]


def test_eviction_uses_up_the_budget(api):
    """The Pod is deleted gracefully and the budget is one less."""
    run(api)
    make_budget(api, 1)

    api.post(f"{PODS}/web/eviction", EVICTION)

    pod = api.get(f"{PODS}/web")
    assert pod["metadata"]["deletionTimestamp"]
    assert "DisruptionTarget" in [c["type"] for c in pod["status"]["conditions"]]
    assert api.get(f"{BUDGETS}/pdb")["status"]["disruptionsAllowed"] == 0


def test_a_budget_that_nobody_has_looked_at_asks_for_patience(api):
    """Until the controller has seen the newest spec nothing may go, and clients try again."""
    run(api)
    make_budget(api, 1, observed=0)

    status = api.refused(429, "POST", f"{PODS}/web/eviction", EVICTION)

    assert status["details"]["retryAfterSeconds"] == 10
    [cause] = status["details"]["causes"]
    assert cause["message"] == "The disruption budget pdb is still being processed by the server."


@pytest.mark.parametrize(
    ("current", "policy", "code"),
    [
        pytest.param(1, None, 201, id="enough others are healthy"),
        pytest.param(0, None, 429, id="too few others are healthy"),
        pytest.param(0, "IfHealthyBudget", 429, id="the default by name"),
        pytest.param(0, "AlwaysAllow", 201, id="unhealthy Pods may always go"),
    ],
)
def test_pods_that_are_not_ready_go_by_policy(api, current, policy, code):
    """An unhealthy Pod counts for nothing, so it takes nothing from the budget."""
    run(api, is_ready=False)
    make_budget(
        api, 0, current=current, **({"unhealthyPodEvictionPolicy": policy} if policy else {})
    )

    response = api.send("POST", f"{PODS}/web/eviction", EVICTION)

    assert response.status_code == code


class Kubelets:
    """Stands for the Nodes."""

    def __init__(self):
        self.asked = []

    def container_log(self, node_name, pod, container, options):
        self.asked.append((node_name, pod["metadata"]["name"], container, options))
        return LogResponse(lambda sink: lambda: sink(None))


def test_log_is_asked_of_the_pods_node(api):
    """The only container is meant when none is named; options are read from the query."""
    kubelets = api.server.node_proxy = Kubelets()
    api.pod(nodeName="n1")

    api.send("GET", f"{PODS}/web/log", None, "tailLines=5&follow=true&sinceSeconds=10")

    node, pod, container, options = kubelets.asked[0]
    assert (node, pod, container) == ("n1", "web", "main")
    assert (options.tail_lines, options.follow) == (5, True)
    assert options.since_ms == api.sim.now_ms - 10_000


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "a container name must be specified for pod web, choose one of: [a b]"),
        ("container=x", "container x is not valid for pod web"),
    ],
    ids=["ambiguous", "unknown"],
)
def test_log_needs_a_container(api, query, message):
    """Several containers must be told apart."""
    api.pod(containers=[{"name": "a", "image": "x"}, {"name": "b", "image": "x"}])

    assert api.refused(400, "GET", f"{PODS}/web/log", None, query)["message"] == message


def test_events_are_forgotten_after_an_hour(api):
    """An Event lives an hour after its last write."""
    events = "/api/v1/namespaces/default/events"
    involved = {"kind": "Pod", "name": "web", "namespace": "default"}
    body = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e"},
        "involvedObject": involved,
    }
    api.post(events, body)

    api.sim.run_for(1_800_000)
    api.patch(f"{events}/e", {"count": 2})
    api.sim.run_for(1_800_001)
    assert api.get(f"{events}/e")["count"] == 2

    api.sim.run_for(1_800_000)
    api.refused(404, "GET", f"{events}/e")


def test_ephemeral_containers_can_only_be_added(api):
    """kubectl debug adds a container to a Pod; it stays as it is."""
    api.pod()
    debug = {"name": "debug", "image": "busybox"}
    strategic = "application/strategic-merge-patch+json"

    pod = api.patch(
        f"{PODS}/web/ephemeralcontainers", {"spec": {"ephemeralContainers": [debug]}}, strategic
    )

    assert pod["spec"]["ephemeralContainers"][0]["name"] == "debug"
    assert pod["metadata"]["generation"] == 2
    without = {**pod, "spec": {**pod["spec"], "ephemeralContainers": []}}
    status = api.refused(422, "PUT", f"{PODS}/web/ephemeralcontainers", without)
    assert 'existing ephemeral containers "debug" may not be removed' in status["message"]


def test_resize_changes_resources_alone(api):
    """The resize subresource takes over the containers' resources and nothing else."""
    pod = api.pod(
        containers=[
            {"name": "main", "image": "nginx:1.27", "resources": {"requests": {"cpu": "2"}}}
        ]
    )
    container = {
        **pod["spec"]["containers"][0],
        "image": "other",
        "resources": {"requests": {"cpu": "1"}},
    }

    resized = api.ok(
        "PUT", f"{PODS}/web/resize", {**pod, "spec": {**pod["spec"], "containers": [container]}}
    )

    stored = resized["spec"]["containers"][0]
    assert (stored["image"], stored["resources"]) == ("nginx:1.27", {"requests": {"cpu": "1"}})


def test_resizing_keeps_the_class_of_service(api):
    """A Pod without requests stays one."""
    api.pod("web")

    status = api.refused(
        422,
        "PATCH",
        f"{PODS}/web/resize",
        {"spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": "10m"}}}]}},
        headers={"content-type": "application/strategic-merge-patch+json"},
    )

    assert status["message"] == (
        'Pod "web" is invalid: spec: Invalid value: "BestEffort": '
        "Pod QOS Class may not change as a result of resizing"
    )


def test_limit_ranges_say_what_they_set(api):
    """The annotation names the resources that a container was given."""
    api.post(
        "/api/v1/namespaces/default/limitranges",
        {
            "metadata": {"name": "defaults"},
            "spec": {
                "limits": [
                    {
                        "type": "Container",
                        "default": {"cpu": "1", "memory": "1Gi"},
                        "defaultRequest": {"cpu": "100m", "memory": "64Mi"},
                    }
                ]
            },
        },
    )

    pod = api.pod("web")

    assert pod["metadata"]["annotations"]["kubernetes.io/limit-ranger"] == (
        "LimitRanger plugin set: cpu, memory request for container main; "
        "cpu, memory limit for container main"
    )


def test_refusals_before_the_name_is_drawn_show_its_beginning(api):
    """What mutating plugins refuse has no drawn name yet, so that Events about it are the same each time."""
    pod = make_pod("web", serviceAccountName="nobody")
    pod["metadata"] = {"generateName": "web-"}

    status = api.refused(403, "POST", PODS, pod)

    assert status["message"] == (
        'pods "web-" is forbidden: error looking up service account default/nobody: '
        'serviceaccount "nobody" not found'
    )
