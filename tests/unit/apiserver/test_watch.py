"""Watches: initial events, translation by selectors, bookmarks, expiry."""

import orjson

from tests.unit.apiserver.harness import ADMIN, CONFIG_MAPS, MERGE_PATCH, PODS, Api, make_config_map
from webapp.apimachinery.wire import Request
from webapp.apiserver.config import APIServerConfig

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


def types(seen):
    return [type_ for type_, _ in seen]


def names(seen):
    return [obj["metadata"]["name"] for _, obj in seen]


def test_watch_without_version_begins_with_what_is_there(api):
    """resourceVersion 0 or none means: the present objects first."""
    api.config_map("a")

    seen = api.watch(CONFIG_MAPS)
    api.config_map("b")

    assert types(seen) == ["ADDED", "ADDED"]
    assert names(seen) == ["a", "b"]


def test_watch_from_a_version_replays_what_came_after(api):
    """A watch from a list's version misses nothing."""
    api.config_map("a")
    revision = api.server.revision
    api.config_map("b")
    api.patch(f"{CONFIG_MAPS}/b", {"data": {"x": "y"}})
    api.delete(f"{CONFIG_MAPS}/a")

    seen = api.watch(CONFIG_MAPS, f"resourceVersion={revision}")

    assert types(seen) == ["ADDED", "MODIFIED", "DELETED"]
    versions = [int(obj["metadata"]["resourceVersion"]) for _, obj in seen]
    assert versions == [revision + 1, revision + 2, revision + 3]


def test_object_that_leaves_the_selection_is_deleted_for_the_watcher(api):
    """Selector watches translate: in is ADDED, out is DELETED with its last matching state."""
    seen = api.watch(CONFIG_MAPS, "labelSelector=tier=front")
    api.config_map("a")
    api.patch(f"{CONFIG_MAPS}/a", {"metadata": {"labels": {"tier": "front"}}})
    api.patch(f"{CONFIG_MAPS}/a", {"metadata": {"labels": {"tier": "back"}}})

    assert types(seen) == ["ADDED", "DELETED"]
    assert seen[1][1]["metadata"]["labels"] == {"tier": "front"}
    assert seen[1][1]["metadata"]["resourceVersion"] == str(api.server.revision)


def test_node_watch_sees_a_pod_once_it_is_bound(api):
    """A kubelet's watch begins with the binding."""
    seen = api.watch("/api/v1/pods", "fieldSelector=spec.nodeName=n1&resourceVersion=1")
    api.pod("web")
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": "web"},
        "target": {"name": "n1"},
    }
    api.post(f"{PODS}/web/binding", binding)

    assert types(seen) == ["ADDED"]
    assert seen[0][1]["spec"]["nodeName"] == "n1"


def test_other_namespaces_are_not_heard_of(api):
    """A namespaced watch is about its Namespace."""
    seen = api.watch("/api/v1/namespaces/kube-system/configmaps")
    api.config_map("a")

    assert seen == []


def test_initial_events_end_with_a_bookmark(api):
    """sendInitialEvents: all matches, then the marked bookmark, then what happens."""
    api.config_map("a")

    seen = api.watch(
        CONFIG_MAPS,
        "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
    )
    api.config_map("b")

    assert types(seen) == ["ADDED", "BOOKMARK", "ADDED"]
    bookmark = seen[1][1]
    assert bookmark["kind"] == "ConfigMap"
    assert bookmark["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_initial_events_need_a_match(api):
    """sendInitialEvents without resourceVersionMatch is invalid."""
    status = api.refused(422, "GET", CONFIG_MAPS, None, "watch=true&sendInitialEvents=true")

    assert "sendInitialEvents requires setting resourceVersionMatch" in status["message"]


def test_bookmarks_come_every_minute_of_virtual_time(api):
    """Who allows bookmarks learns the revision even when nothing it watches changes."""
    seen = api.watch(CONFIG_MAPS, "allowWatchBookmarks=true&resourceVersion=1")

    api.sim.run_for(120_000)

    assert types(seen) == ["BOOKMARK", "BOOKMARK"]
    assert seen[0][1]["metadata"]["resourceVersion"] == str(api.server.revision)


def test_compacted_version_is_expired(sim):
    """History is bounded; a watch from before it must list again."""
    api = Api(sim, APIServerConfig(kept_revisions=5))
    for number in range(20):
        api.config_map(f"x{number}")

    status = api.refused(410, "GET", CONFIG_MAPS, None, "watch=true&resourceVersion=3")

    assert status["reason"] == "Expired"
    assert status["message"] == "too old resource version: 3"


def test_watcher_started_after_compaction_gets_an_error_event(sim):
    """A stream that was opened in time but read too late ends with the Status in an ERROR event."""
    api = Api(sim, APIServerConfig(kept_revisions=5))
    answer = api.send("GET", CONFIG_MAPS, None, f"watch=true&resourceVersion={api.server.revision}")
    for number in range(20):
        api.config_map(f"x{number}")
    seen = []

    answer.watcher.start(seen.extend)

    assert [event.type for event in seen] == ["ERROR"]
    assert seen[0].object["code"] == 410


def test_stopped_watch_is_silent(api):
    """After stop nothing is delivered."""
    answer = api.send("GET", CONFIG_MAPS, None, "watch=true")
    seen = []
    answer.watcher.start(seen.extend)

    answer.watcher.stop()
    api.config_map("a")

    assert seen == []


def test_events_are_encoded_once_for_all_watchers(api):
    """Two watchers of whole objects share event and bytes."""
    one, two = [], []
    for sink in (one, two):
        answer = api.send("GET", CONFIG_MAPS, None, "watch=true&resourceVersion=1")
        answer.watcher.start(sink.extend)
    api.config_map("a")

    assert one[-1] is two[-1]
    line = answer.encode(one[-1])
    assert line is answer.encode(two[-1])
    assert orjson.loads(line)["object"]["metadata"]["name"] == "a"
    assert line.endswith(b"\n")


def test_table_watch_defines_its_columns_once(api):
    """get -w reads one-row tables."""
    request = Request(
        "GET", CONFIG_MAPS, {"watch": ("true",)}, {"accept": TABLE}, None, ADMIN, "kubectl"
    )
    answer = api.server.handle(request)
    events = []
    answer.watcher.start(events.extend)
    api.post(CONFIG_MAPS, make_config_map("a"))
    api.ok("PATCH", f"{CONFIG_MAPS}/a", {"data": {"k": "v"}}, headers={"content-type": MERGE_PATCH})

    first, second = (orjson.loads(answer.encode(event))["object"] for event in events)

    assert first["columnDefinitions"]
    assert second["columnDefinitions"] is None
    assert second["rows"][0]["cells"][0] == "a"


def test_timeout_is_handed_on(api):
    """The HTTP layer ends the stream when the request says so."""
    answer = api.send("GET", CONFIG_MAPS, None, "watch=true&timeoutSeconds=30")

    assert answer.timeout_seconds == 30
