"""Kinds served under two names: one object, two views."""

from webapp.apimachinery.wire import WatchResponse

CORE_EVENTS = "/api/v1/namespaces/default/events"
EVENTS = "/apis/events.k8s.io/v1/namespaces/default/events"
V1 = "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers"
V2 = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"


def make_event():
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "default"},
        "involvedObject": {"kind": "Pod", "name": "web", "namespace": "default"},
        "message": "hello",
        "reason": "Said",
        "type": "Normal",
        "count": 2,
    }


def test_core_event_is_shown_in_the_events_group(api):
    """regarding and note are involvedObject and message."""
    api.post(CORE_EVENTS, make_event())

    event = api.get(f"{EVENTS}/e")

    assert event["apiVersion"] == "events.k8s.io/v1"
    assert (event["note"], event["regarding"]["name"]) == ("hello", "web")
    assert event["deprecatedCount"] == 2
    listed = api.get(EVENTS)
    assert (listed["apiVersion"], listed["items"][0]["note"]) == ("events.k8s.io/v1", "hello")


def test_watch_of_the_events_group_shows_its_form(api):
    """Events on the stream are of the version asked for."""
    answer = api.send("GET", EVENTS, None, "watch=true")
    assert isinstance(answer, WatchResponse)
    events = []
    answer.watcher.start(events.extend)

    api.post(CORE_EVENTS, make_event())

    assert b'"note":"hello"' in answer.encode(events[0])


def test_patch_speaks_the_version_of_its_path(api):
    """A patch in the events group changes the core Event's message."""
    api.post(CORE_EVENTS, make_event())

    api.patch(f"{EVENTS}/e", {"note": "bye"})

    assert api.get(f"{CORE_EVENTS}/e")["message"] == "bye"


def test_autoscaler_of_version_one_is_stored_as_two(api):
    """targetCPUUtilizationPercentage becomes a resource metric and comes back."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": target, "maxReplicas": 5, "targetCPUUtilizationPercentage": 60}
    body = {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": spec,
    }

    assert api.post(V1, body)["spec"]["targetCPUUtilizationPercentage"] == 60

    metric = api.get(f"{V2}/web")["spec"]["metrics"][0]
    assert metric["resource"]["target"] == {"type": "Utilization", "averageUtilization": 60}
