"""Namespaces: what each one gets, and how an ending one is emptied."""

from __future__ import annotations

import pytest

from tests.unit.controller.fake_api import FakeAPI, make_pod
from webapp.api.resources import CONFIG_MAPS, NAMESPACES, PODS, SECRETS, SERVICE_ACCOUNTS
from webapp.controller.namespace.conditions import Remains, compute_conditions
from webapp.controller.namespace.namespace_controller import NamespaceController
from webapp.controller.serviceaccount.root_ca_publisher import RootCACertPublisher
from webapp.controller.serviceaccount.serviceaccounts_controller import ServiceAccountsController


@pytest.fixture
def api():
    world = FakeAPI()
    world.run(NamespaceController, RootCACertPublisher, ServiceAccountsController, root_ca="the CA")
    world.create(NAMESPACES, "", make_namespace("team"))
    world.sim.run_until_idle()
    return world


def make_namespace(name):
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def end(api, name):
    """What the API server does on DELETE: the Namespace stays until it is finalized."""
    current = api.get(NAMESPACES, "", name)
    metadata = {**current["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
    metadata["finalizers"] = ["test/keep"]
    api._replace(NAMESPACES, current, {**current, "metadata": metadata})


def finalizers(api, name):
    return api.get(NAMESPACES, "", name)["spec"]["finalizers"]


def conditions(api, name):
    found = api.get(NAMESPACES, "", name)["status"].get("conditions") or []
    return {condition["type"]: condition for condition in found}


def test_each_namespace_gets_its_service_account_and_ca(api):
    """Both are there soon after the Namespace, and come back when they are deleted or changed."""
    assert api.find(SERVICE_ACCOUNTS, "team", "default")
    assert api.get(CONFIG_MAPS, "team", "kube-root-ca.crt")["data"] == {"ca.crt": "the CA"}

    api.delete(SERVICE_ACCOUNTS, "team", "default")
    api.patch(CONFIG_MAPS, "team", "kube-root-ca.crt", {"data": {"ca.crt": "forged"}})
    api.sim.run_until_idle()

    assert api.find(SERVICE_ACCOUNTS, "team", "default")
    assert api.get(CONFIG_MAPS, "team", "kube-root-ca.crt")["data"] == {"ca.crt": "the CA"}


def test_an_ending_namespace_is_emptied_and_finalized(api):
    """Everything in it goes, and nothing that belongs to it is made again."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
    api.create(SECRETS, "team", secret)
    api.create(SECRETS, "other", secret)

    end(api, "team")
    api.sim.run_for(6_000)

    assert finalizers(api, "team") == []
    assert [s["metadata"]["namespace"] for s in api.list(SECRETS)] == ["other"]
    assert api.list(SERVICE_ACCOUNTS) == []
    assert api.list(CONFIG_MAPS) == []


def test_pods_go_first_and_are_waited_for(api):
    """While a Pod still stops, the rest stays and the conditions say why."""
    api.run_pod(api.create(PODS, "team", make_pod("slow", namespace="team")))
    end(api, "team")

    api.sim.run_for(6_000)
    assert finalizers(api, "team") == ["kubernetes"]
    assert conditions(api, "team")["NamespaceContentRemaining"]["message"] == (
        "Some resources are remaining: pods. has 1 resource instances"
    )
    assert api.find(CONFIG_MAPS, "team", "kube-root-ca.crt")

    api.stop_pods()
    api.sim.run_for(20_000)
    assert finalizers(api, "team") == []


def test_finalizers_that_hold_the_content_are_named(api):
    """Somebody's finalizer keeps the Namespace; it is looked at again until it is gone."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
    secret["metadata"]["finalizers"] = ["example.com/wait"]
    api.create(SECRETS, "team", secret)
    end(api, "team")

    api.sim.run_for(6_000)
    condition = conditions(api, "team")["NamespaceFinalizersRemaining"]
    assert (condition["status"], condition["reason"], condition["message"]) == (
        "True",
        "SomeFinalizersRemain",
        "Some content in the namespace has finalizers remaining: "
        "example.com/wait in 1 resource instances",
    )

    api.patch(SECRETS, "team", "s", {"metadata": {"finalizers": None}})
    api.sim.run_for(20_000)
    assert finalizers(api, "team") == []


def test_conditions_keep_their_times_while_nothing_changes():
    """A second look with the same result is the same list."""
    remains = Remains()
    remains.count("pods.", [{"metadata": {}}])

    first = compute_conditions([], remains, 1_000)

    assert compute_conditions(first, remains, 9_000) == first
    assert [condition["status"] for condition in first] == [
        "False",
        "False",
        "False",
        "True",
        "False",
    ]
