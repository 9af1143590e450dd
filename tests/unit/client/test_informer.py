"""Informers keep a component's own view by list and watch."""

import pytest

from webapp.api.resources import PODS
from webapp.apimachinery.status import Expired
from webapp.apimachinery.watch import WatchEvent
from webapp.client.informer import SharedInformer


def pod(name, version, **labels):
    return {
        "kind": "Pod",
        "metadata": {
            "namespace": "ns",
            "name": name,
            "resourceVersion": str(version),
            "labels": labels,
        },
    }


class FakeClient:
    """Lists what it is given and remembers who watches."""

    def __init__(self, *items):
        self.items = list(items)
        self.version = 10
        self.refuse_watches = 0
        self.lists = 0
        self.deliver = None

    def list_with_version(self, *_, **__):
        self.lists += 1
        return self.items, str(self.version)

    def watch(self, _resource, deliver, _version, _fields=""):
        if self.refuse_watches:
            self.refuse_watches -= 1
            raise Expired("too old")
        self.deliver = deliver
        return self

    def stop(self):
        self.deliver = None


@pytest.fixture
def log():
    return []


def informer_of(client, log):
    informer = SharedInformer(client, PODS)
    informer.add_handler(
        on_add=lambda new: log.append(("add", new["metadata"]["name"])),
        on_update=lambda old, new: log.append(
            ("update", old["metadata"]["resourceVersion"], new["metadata"]["resourceVersion"])
        ),
        on_delete=lambda last: log.append(("delete", last["metadata"]["name"])),
    )
    return informer


def test_the_first_list_is_told_as_added(log):
    """A component that starts late sees the world as it is."""
    informer = informer_of(FakeClient(pod("a", 1), pod("b", 2)), log)

    informer.start()

    assert log == [("add", "a"), ("add", "b")]
    assert informer.synced


def test_watch_events_change_the_store_before_handlers_hear_of_them(log):
    """Handlers may read the store."""
    client = FakeClient(pod("a", 1))
    informer = informer_of(client, log)
    informer.start()

    client.deliver([WatchEvent("MODIFIED", pod("a", 3), 3), WatchEvent("DELETED", pod("a", 4), 4)])

    assert log[1:] == [("update", "1", "3"), ("delete", "a")]
    assert informer.store == {}


def test_an_expired_watch_is_followed_by_a_new_list(log):
    """What was missed meanwhile is told as changes."""
    client = FakeClient(pod("a", 1), pod("b", 2))
    informer = informer_of(client, log)
    informer.start()
    client.items = [pod("b", 5)]

    client.deliver([WatchEvent("ERROR", {"kind": "Status"}, 0)])

    assert log[2:] == [("delete", "a"), ("update", "2", "5")]
    assert client.lists == 2


def test_a_watch_refused_as_expired_is_tried_again_from_a_new_list(log):
    """A compaction between list and watch does no harm."""
    client = FakeClient(pod("a", 1))
    client.refuse_watches = 1

    informer_of(client, log).start()

    assert client.lists == 2
    assert client.deliver is not None


def test_an_index_follows_changes(log):
    """Objects are found by their present values only."""
    client = FakeClient(pod("a", 1, app="web"), pod("b", 2, app="db"))
    informer = informer_of(client, log)
    informer.add_index("app", lambda obj: [obj["metadata"]["labels"]["app"]])
    informer.start()

    client.deliver([WatchEvent("MODIFIED", pod("a", 3, app="db"), 3)])

    assert [obj["metadata"]["name"] for obj in informer.by_index("app", "db")] == ["a", "b"]
    assert informer.by_index("app", "web") == []
