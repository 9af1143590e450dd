"""Rooms of one server: made, reached, branched off one another, deleted and restored."""

from __future__ import annotations

import gc
import sqlite3

import gevent
import orjson
import pytest
from werkzeug.test import Client

from webapp.app import create_app
from webapp.rooms import registry
from webapp.settings import AppSettings, SettingsError, TokenHolder

PODS = "/api/v1/namespaces/default/pods"
CLOCK = "/apis/sim.podarium.dev/v1alpha1/clocks/cluster"
WAIT_SECONDS = 10


class Server:
    """An app, and a client of it."""

    def __init__(self, **settings):
        self.app = create_app(
            AppSettings(**{"nodes": 1, "speed": None, "addons": False, **settings})
        )
        self.app.start()
        self.client = Client(self.app.wsgi)

    def send(self, method, path, body=None, **headers):
        data = orjson.dumps(body) if body is not None else None
        sent = {"Host": "localhost", "Content-Type": "application/json", **headers}
        with gevent.Timeout(WAIT_SECONDS):
            return self.client.open(path, method=method, data=data, headers=sent)

    def make_pod(self, name, prefix=""):
        container = {"name": "main", "image": "nginx"}
        pod = {
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {"name": name},
            "spec": {"containers": [container]},
        }
        answer = self.send("POST", prefix + PODS, pod)
        assert answer.status_code == 201, answer.text

    def names(self, prefix=""):
        return [item["metadata"]["name"] for item in self.send("GET", prefix + PODS).json["items"]]

    def settle(self, room="main"):
        sim = self.app.rooms.rooms[room].cluster.sim
        with gevent.Timeout(WAIT_SECONDS):
            while not sim.is_idle:
                gevent.sleep(0.01)

    def store(self, room):
        """Every live object of a room, by key, with its revision."""
        cluster = self.app.rooms.rooms[room].cluster
        return self.store_at(room, cluster.revision)

    def store_at(self, room, revision):
        past = self.app.rooms.rooms[room].cluster.past
        keys = {
            (written.change.bucket, written.change.name): None
            for written in past.changes(1, revision)
        }
        found = {key: past.object_at(*key, revision) for key in keys}
        return orjson.dumps(
            [[*key, obj] for key, obj in sorted(found.items()) if obj is not None],
            option=orjson.OPT_SORT_KEYS,
        )


@pytest.fixture
def start():
    servers = []

    def start_server(**settings):
        servers.append(Server(**settings))
        return servers[-1]

    yield start_server
    for server in servers:
        server.app.stop()
    gc.enable()
    gc.unfreeze()


@pytest.fixture
def server(start):
    return start()


def test_rooms_are_independent(server):
    """What happens in one room happens in no other; each has its own API below its prefix."""
    assert server.send("POST", "/rooms", {"name": "ada"}).status_code == 201
    server.make_pod("in-main")
    server.make_pod("in-ada", "/rooms/ada")

    assert server.names() == ["in-main"]
    assert server.names("/rooms/ada") == ["in-ada"]
    listed = server.send("GET", "/rooms").json
    assert [(room["name"], room["prefix"], room["pods"]) for room in listed["rooms"]] == [
        ("main", "", 1),
        ("ada", "/rooms/ada", 1),
    ]


def test_page_and_kubeconfig_of_a_room_know_their_prefix(server):
    """What is downloaded in a room leads back to it."""
    server.send("POST", "/rooms", {"name": "ada"})

    assert server.send("GET", "/rooms/ada").headers["Location"] == "/rooms/ada/"
    assert "http://localhost/rooms/ada\n" in server.send("GET", "/rooms/ada/kubeconfig").text
    assert server.send("GET", "/rooms/ada/history").json["moment"]["revision"] > 1


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        pytest.param({"name": "Ada"}, 400, "lower-case", id="upper case"),
        pytest.param({"name": "../x"}, 400, "lower-case", id="path"),
        pytest.param({"name": "a" * 41}, 400, "up to 40", id="long"),
        pytest.param({"name": "main"}, 409, "already exists", id="main"),
        pytest.param({}, 400, "missing required field `name`", id="no name"),
        pytest.param({"name": "a", "colour": "red"}, 400, "unknown field", id="unknown field"),
        pytest.param({"name": "a", "nodes": 10**9}, 400, "nodes is a number", id="too many Nodes"),
        pytest.param({"name": "a", "speed": "light"}, 400, "speed is a number", id="speed"),
        pytest.param({"name": "a", "networkPlugin": "magic"}, 400, "networkPlugin is", id="plugin"),
        pytest.param(
            {"name": "a", "branch": {"room": "nowhere", "at": "1"}},
            404,
            "not found",
            id="no origin",
        ),
        pytest.param(
            {"name": "a", "branch": {"room": "main", "at": "soon"}},
            400,
            "no moment",
            id="no moment",
        ),
        pytest.param(
            {"name": "a", "nodes": 1, "branch": {"room": "main", "at": "5"}},
            400,
            "branch",
            id="both",
        ),
        pytest.param({"name": "a", "more": "x" * 20_000}, 413, "too large", id="large"),
    ],
)
def test_bad_rooms_are_refused_in_words(server, body, code, words):
    """Each refusal is a Status that says what is wrong; nothing is left behind."""
    answer = server.send("POST", "/rooms", body)

    assert answer.status_code == code
    assert words in answer.json["message"]
    assert len(server.app.rooms.rooms) == 1


def test_number_of_rooms_is_limited(server, monkeypatch):
    """A server does not take more clusters than it can carry."""
    monkeypatch.setattr(registry, "MAX_ROOMS", 2)
    assert server.send("POST", "/rooms", {"name": "a"}).status_code == 201

    refused = server.send("POST", "/rooms", {"name": "b"})

    assert refused.status_code == 403
    assert "delete one first" in refused.json["message"]
    server.send("DELETE", "/rooms/a")
    assert server.send("POST", "/rooms", {"name": "b"}).status_code == 201


def test_deleted_room_is_gone_with_its_journal(server):
    """Nothing answers below its prefix any more, its file is removed, its name is free."""
    server.send("POST", "/rooms", {"name": "ada"})
    folder = server.app.rooms.rooms["ada"].driver.journal_path.parent
    assert folder.exists()

    assert server.send("DELETE", "/rooms/ada").json["status"] == "Success"

    assert not folder.exists()
    assert server.send("GET", "/rooms/ada" + PODS).status_code == 404
    assert server.send("DELETE", "/rooms/ada").status_code == 404
    assert server.send("DELETE", "/rooms/main").status_code == 403
    assert server.send("POST", "/rooms", {"name": "ada"}).status_code == 201


def test_watches_of_a_deleted_room_end(server):
    """A client that watches is not left waiting for ever."""
    server.send("POST", "/rooms", {"name": "ada"})
    watching = gevent.spawn(lambda: server.send("GET", f"/rooms/ada{PODS}?watch=true").data)
    gevent.sleep(0.05)
    assert not watching.ready()

    server.send("DELETE", "/rooms/ada")

    watching.join(WAIT_SECONDS)
    assert watching.successful()


@pytest.fixture
def guarded(start):
    return start(
        host="127.0.0.1",
        tokens={
            "admin-token": TokenHolder("chris", ("system:masters",)),
            "guest-token": TokenHolder("gwen", ("guests",)),
        },
    )


def test_only_admins_make_and_delete_rooms(guarded):
    """A guest may look which rooms there are, and no more; a stranger not even that."""
    admin, guest = ({"Authorization": f"Bearer {who}-token"} for who in ("admin", "guest"))
    assert guarded.send("POST", "/rooms", {"name": "ada"}, **admin).status_code == 201

    assert guarded.send("POST", "/rooms", {"name": "b"}, **guest).status_code == 403
    assert guarded.send("DELETE", "/rooms/ada", **guest).status_code == 403
    assert guarded.send("GET", "/rooms", **guest).json["mayManage"] is False
    assert guarded.send("GET", "/rooms").status_code == 401


@pytest.mark.parametrize("path", ["/as/{}/rooms/ada", "/rooms/ada/as/{}"])
def test_tokens_in_the_path_open_rooms_and_rbac_judges(guarded, path):
    """The token may stand before or behind the room; a guest without rights is forbidden, not unknown."""
    admin = {"Authorization": "Bearer admin-token"}
    guarded.send("POST", "/rooms", {"name": "ada"}, **admin)

    assert guarded.send("GET", path.format("admin-token") + PODS).status_code == 200
    assert guarded.send("GET", path.format("guest-token") + PODS).status_code == 403
    assert guarded.send("GET", path.format("wrong-token") + PODS).status_code == 401


def test_only_admins_download_the_journal(guarded):
    """It holds what everybody sent, Secrets included."""
    assert guarded.send("GET", "/as/admin-token/journal").status_code == 200
    assert guarded.send("GET", "/as/guest-token/journal").status_code == 403


def test_past_obeys_rbac_too(guarded):
    """Who may not read Pods now may not read them as they were."""
    revision = guarded.app.rooms.main.cluster.revision

    answer = guarded.send("GET", f"/as/guest-token{PODS}?podariumAt={revision}")

    assert answer.status_code == 403


# --- branching --------------------------------------------------------------------------------


def test_branch_begins_as_the_original_was_byte_for_byte(server):
    """At the moment of branching both hold the same objects at the same revisions; the original goes on."""
    server.make_pod("a")
    server.settle()
    server.make_pod("b")
    server.settle()
    moment = server.app.rooms.main.cluster.past.newest
    server.make_pod("c")
    server.settle()
    original = server.store("main")

    answer = server.send(
        "POST",
        "/rooms",
        {"name": "what-if", "branch": {"room": "main", "at": str(moment.revision)}},
    )

    assert answer.status_code == 201, answer.text
    assert answer.json["paused"] is True
    assert answer.json["origin"] == {
        "room": "main",
        "revision": moment.revision,
        "at": server.app.rooms.main.cluster.past.time_of(moment.revision),
    }
    assert server.store_at("what-if", moment.revision) == server.store_at("main", moment.revision)
    assert server.names("/rooms/what-if") == ["a", "b"]
    assert server.store("main") == original


def test_branch_repeats_what_followed_when_the_same_is_asked(server):
    """Only new inputs make a branch differ: the same input at the same instant gives the same world."""
    server.send("PATCH", CLOCK, {"spec": {"paused": True}}, **MERGE)
    moment = server.app.rooms.main.cluster.past.newest
    branch = {"name": "twin", "branch": {"room": "main", "at": str(moment.revision)}}
    assert server.send("POST", "/rooms", branch).status_code == 201
    assert server.app.rooms.rooms["twin"].cluster.revision == moment.revision

    for prefix in ("", "/rooms/twin"):
        server.make_pod("same", prefix)
        server.send("PATCH", prefix + CLOCK, {"spec": {"paused": False}}, **MERGE)
    server.settle()
    server.settle("twin")

    assert server.store("twin") == server.store("main")
    server.make_pod("other", "/rooms/twin")
    server.settle("twin")
    assert server.names() == ["same"]
    assert server.names("/rooms/twin") == ["other", "same"]


@pytest.mark.parametrize("fraction", [0.1, 0.35, 0.5, 0.8, 0.99])
def test_branch_off_any_time_of_a_rollout(server, fraction):
    """Also in the midst of things: the branch holds what the original held then."""
    for name in ("a", "b", "c"):
        server.make_pod(name)
    server.settle()
    past = server.app.rooms.main.cluster.past
    begin = past.time_of(70)
    at_ms = int(begin + (past.newest.at_ms - begin) * fraction)
    moment = past.at_time(at_ms)

    answer = server.send(
        "POST", "/rooms", {"name": "mid", "branch": {"room": "main", "at": str(at_ms)}}
    )

    assert answer.status_code == 201, answer.text
    assert answer.json["now"] == at_ms
    assert server.store_at("mid", moment.revision) == server.store_at("main", moment.revision)


def test_branches_and_rooms_are_restored(start, tmp_path):
    """A restart on the data directory finds every room as it was."""
    first = start(data_dir=tmp_path, rooms=("ada",))
    first.make_pod("a")
    first.make_pod("in-ada", "/rooms/ada")
    first.settle()
    first.settle("ada")
    revision = first.app.rooms.rooms["ada"].cluster.revision - 3
    branch = {"name": "twig", "branch": {"room": "ada", "at": str(revision)}}
    assert first.send("POST", "/rooms", branch).status_code == 201
    before = {name: first.store(name) for name in ("main", "ada", "twig")}
    first.app.stop()

    second = start(data_dir=tmp_path)

    assert {name: second.store(name) for name in second.app.rooms.rooms} == before
    assert second.app.rooms.rooms["twig"].view().origin.room == "ada"


def test_damaged_room_is_named(start, tmp_path):
    """A journal that cannot be read stops the start with a line that says which."""
    first = start(data_dir=tmp_path, rooms=("ada",))
    first.app.stop()
    path = tmp_path / "rooms" / "ada" / "journal.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE commands")
    connection.close()

    with pytest.raises(Exception, match="ada"):
        start(data_dir=tmp_path)


def test_bad_room_option_is_a_setting_that_cannot_be_used():
    """--room obeys the same rules as the page."""
    with pytest.raises(SettingsError, match="--room A: a room's name has"):
        create_app(AppSettings(nodes=0, rooms=("A",)))


MERGE = {"Content-Type": "application/merge-patch+json"}
