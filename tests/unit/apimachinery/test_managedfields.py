"""Field ownership: server-side apply, conflicts, giving up, the record of updates."""

from __future__ import annotations

import orjson
import pytest

from webapp.api.schema.field_schema import field_schema
from webapp.apimachinery.managedfields import apply, manager_name, record_update
from webapp.apimachinery.status import BadRequest, Conflict

CONFIG_MAP = field_schema("", "v1", "ConfigMap")
DEPLOYMENT = field_schema("apps", "v1", "Deployment")
POD = field_schema("", "v1", "Pod")
T0, T1, T2 = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"


def config_map(**data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": data}


def applied(live, config, manager="kubectl", *, force=False, now=T1, schema=CONFIG_MAP):
    return apply(live, config, manager, force, now, config["apiVersion"], schema)


def fields_of(obj, manager):
    return next(e["fieldsV1"] for e in obj["metadata"]["managedFields"] if e["manager"] == manager)


def deployment(**container):
    template = {
        "metadata": {"labels": {"app": "x"}},
        "spec": {"containers": [{"name": "web", **container}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "x", "labels": {"app": "x"}},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "x"}}, "template": template},
    }


def test_an_apply_owns_what_it_speaks_of():
    """Leaves, items of lists by their keys (protocol defaults to TCP), atomic maps as a whole."""
    config = deployment(image="nginx", ports=[{"containerPort": 80}])

    obj = applied(None, config, schema=DEPLOYMENT)

    assert obj["metadata"]["managedFields"][0]["operation"] == "Apply"
    assert fields_of(obj, "kubectl") == {
        "f:metadata": {"f:labels": {"f:app": {}}},
        "f:spec": {
            "f:replicas": {},
            "f:selector": {},
            "f:template": {
                "f:metadata": {"f:labels": {"f:app": {}}},
                "f:spec": {
                    "f:containers": {
                        'k:{"name":"web"}': {
                            ".": {},
                            "f:name": {},
                            "f:image": {},
                            "f:ports": {
                                'k:{"containerPort":80,"protocol":"TCP"}': {
                                    ".": {},
                                    "f:containerPort": {},
                                }
                            },
                        }
                    }
                },
            },
        },
    }


def test_applying_the_same_again_changes_nothing():
    """The very object comes back; the time of the first apply stays."""
    obj = applied(None, config_map(a="1"), now=T0)

    assert applied(obj, config_map(a="1"), now=T1) is obj


def test_what_a_manager_no_longer_applies_is_removed():
    """Unless somebody else owns it as well."""
    obj = applied(None, config_map(a="1", b="2"))
    shared = applied(obj, config_map(b="2"), "other")

    assert applied(obj, config_map(a="1"))["data"] == {"a": "1"}
    assert applied(shared, config_map(a="1"))["data"] == {"a": "1", "b": "2"}


def test_giving_up_a_container_takes_its_defaults_along():
    """Fields that the server filled in below it have no owner and go, too."""
    two = deployment(image="nginx")
    two["spec"]["template"]["spec"]["containers"].append({"name": "side", "image": "busybox"})
    obj = applied(None, two, schema=DEPLOYMENT)
    containers = [
        {**c, "imagePullPolicy": "Always"} for c in two["spec"]["template"]["spec"]["containers"]
    ]
    template = {
        **obj["spec"]["template"],
        "spec": {"containers": containers, "dnsPolicy": "ClusterFirst"},
    }
    stored = {**obj, "spec": {**obj["spec"], "template": template}}

    after = applied(stored, deployment(image="nginx"), schema=DEPLOYMENT)

    assert after["spec"]["template"]["spec"] == {
        "containers": [{"name": "web", "image": "nginx", "imagePullPolicy": "Always"}],
        "dnsPolicy": "ClusterFirst",
    }


def test_changing_anothers_field_is_a_conflict_that_names_it():
    """Message and cause are those that kubectl prints."""
    obj = applied(None, config_map(a="1"))

    with pytest.raises(Conflict) as refusal:
        applied(obj, config_map(a="2"), "other")

    assert refusal.value.message == 'Apply failed with 1 conflict: conflict with "kubectl": .data.a'
    assert refusal.value.details["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "kubectl"', "field": ".data.a"}
    ]


def test_several_conflicts_are_listed_by_manager():
    """Updaters are named with the version they used, subresources with their name."""
    obj = record_update(None, config_map(a="1", b="2"), "editor", T0, "v1", "", CONFIG_MAP)

    with pytest.raises(Conflict) as refusal:
        applied(obj, config_map(a="2", b="3"))

    assert refusal.value.message == (
        'Apply failed with 2 conflicts: conflicts with "editor" using v1:\n- .data.a\n- .data.b'
    )


def test_equal_values_are_owned_together_without_conflict():
    """Agreement is no conflict."""
    obj = applied(applied(None, config_map(a="1")), config_map(a="1"), "other")

    assert [entry["manager"] for entry in obj["metadata"]["managedFields"]] == ["kubectl", "other"]


def test_force_takes_fields_over():
    """The loser keeps only what was not taken."""
    obj = applied(None, config_map(a="1", b="2"))

    forced = applied(obj, config_map(a="2"), "other", force=True)

    assert forced["data"] == {"a": "2", "b": "2"}
    assert fields_of(forced, "kubectl") == {"f:data": {"f:b": {}}}
    assert fields_of(forced, "other") == {"f:data": {"f:a": {}}}


def test_an_unrecorded_object_belongs_to_before_first_apply():
    """Its fields had no owner so far; applying another value conflicts with that name."""
    with pytest.raises(Conflict, match=r'conflict with "before-first-apply" using v1: \.data\.a'):
        applied(config_map(a="1"), config_map(a="2"))


def test_kubectl_may_change_what_it_applied_on_the_client_side():
    """The annotation tells which fields those were, and follows the apply."""
    annotation = "kubectl.kubernetes.io/last-applied-configuration"
    text = orjson.dumps(config_map(a="1")).decode() + "\n"
    obj = config_map(a="1", b="2")
    obj["metadata"] = {"name": "x", "annotations": {annotation: text}}
    live = record_update(None, obj, "kubectl-client-side-apply", T0, "v1", "", CONFIG_MAP)

    after = applied(live, config_map(a="9"))

    assert after["data"] == {"a": "9", "b": "2"}
    assert '"data":{"a":"9"}' in after["metadata"]["annotations"][annotation]


def test_status_in_an_apply_to_the_object_counts_for_nothing():
    """Status has its own subresource."""
    config = {**config_map(a="1"), "status": {"phase": "Fine"}}

    assert "status" not in applied(None, config)


def test_an_apply_must_not_contain_managed_fields():
    """They are the server's to write."""
    config = config_map(a="1")
    config["metadata"] = {"name": "x", "managedFields": [{"manager": "me"}]}

    with pytest.raises(BadRequest, match=r"metadata\.managedFields must be nil"):
        applied(None, config)


def test_a_create_owns_all_but_what_the_system_fills_in():
    """Containers that may be absent are owned themselves; structs that are always there are not."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "x", "uid": "1", "creationTimestamp": T0, "labels": {"app": "x"}},
        "spec": {"containers": [{"name": "web", "resources": {}}], "securityContext": {}},
    }

    obj = record_update(None, pod, "kubectl-run", T0, "v1", "", POD)

    assert obj["metadata"]["managedFields"] == [
        {
            "manager": "kubectl-run",
            "operation": "Update",
            "apiVersion": "v1",
            "time": T0,
            "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
                "f:spec": {
                    "f:containers": {
                        'k:{"name":"web"}': {".": {}, "f:name": {}, "f:resources": {}}
                    },
                    "f:securityContext": {},
                },
            },
        }
    ]


def test_an_update_takes_changed_fields_and_drops_removed_ones():
    """Ownership follows the last writer; empty records disappear."""
    obj = record_update(None, config_map(a="1", b="2"), "first", T0, "v1", "", CONFIG_MAP)

    wanted = {**obj, "data": {"a": "9"}}
    after = record_update(obj, wanted, "second", T1, "v1", "", CONFIG_MAP)

    assert fields_of(after, "first") == {"f:data": {}}
    assert fields_of(after, "second") == {"f:data": {"f:a": {}}}


def test_a_status_write_has_a_record_of_its_own():
    """The kubelet's entry names the subresource."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"nodeName": "n"}}
    obj = record_update(None, pod, "kubelet", T0, "v1", "", POD)

    running = {**obj, "status": {"phase": "Running", "podIPs": [{"ip": "10.0.0.1"}]}}
    after = record_update(obj, running, "kubelet", T1, "v1", "status", POD)

    entry = after["metadata"]["managedFields"][1]
    assert entry["subresource"] == "status"
    assert entry["fieldsV1"] == {
        "f:status": {
            "f:phase": {},
            "f:podIPs": {".": {}, 'k:{"ip":"10.0.0.1"}': {".": {}, "f:ip": {}}},
        }
    }


def test_a_write_without_change_leaves_times_alone():
    """Even when the client sends no managedFields."""
    obj = record_update(None, config_map(a="1"), "first", T0, "v1", "", CONFIG_MAP)

    again = record_update(obj, config_map(a="1"), "first", T1, "v1", "", CONFIG_MAP)

    assert again == obj
    assert record_update(obj, obj, "first", T1, "v1", "", CONFIG_MAP) is obj


def test_an_object_without_record_is_not_recorded_by_updates():
    """Components that create without a record write at no cost."""
    new = config_map(a="2")

    assert record_update(config_map(a="1"), new, "first", T1, "v1", "", CONFIG_MAP) is new


def test_a_client_can_reset_the_record():
    """One empty entry means: forget."""
    obj = record_update(None, config_map(a="1"), "first", T0, "v1", "", CONFIG_MAP)
    reset = {**obj, "metadata": {**obj["metadata"], "managedFields": [{}]}}

    after = record_update(obj, reset, "first", T1, "v1", "", CONFIG_MAP)

    assert "managedFields" not in after["metadata"]


def test_old_updaters_are_joined():
    """An object written by ever new programs does not grow for ever."""
    obj = record_update(None, config_map(a="0"), "m00", T0, "v1", "", CONFIG_MAP)
    for number in range(1, 15):
        wanted = {**obj, "data": {**obj["data"], f"k{number}": "1"}}
        obj = record_update(obj, wanted, f"m{number:02}", T1, "v1", "", CONFIG_MAP)

    managers = [entry["manager"] for entry in obj["metadata"]["managedFields"]]
    assert len(managers) == 10
    assert managers[-1] == "m14"
    assert "ancient-changes" in managers


def test_the_manager_is_named_by_the_request_or_the_program():
    """The part of the user agent before the slash."""
    assert manager_name("mine", "kubectl/v1.36 (linux)") == "mine"
    assert manager_name("", "kubectl/v1.36 (linux)") == "kubectl"
