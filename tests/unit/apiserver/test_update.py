"""PUT and PATCH: versions, no-ops, four kinds of patch, status."""

from tests.unit.apiserver.harness import (
    APPLY,
    CONFIG_MAPS,
    DEPLOYMENTS,
    JSON_PATCH,
    MERGE_PATCH,
    PODS,
    STRATEGIC,
    make_config_map,
    make_deployment,
)


def test_update_from_an_old_version_is_a_conflict(api):
    """The second of two writers with the same version must try again."""
    old = api.config_map("x", {"a": "1"})
    api.ok("PUT", f"{CONFIG_MAPS}/x", {**old, "data": {"a": "2"}})

    status = api.refused(409, "PUT", f"{CONFIG_MAPS}/x", {**old, "data": {"a": "3"}})

    assert status["message"] == (
        'Operation cannot be fulfilled on configmaps "x": the object has been modified; please apply '
        "your changes to the latest version and try again"
    )


def test_update_that_changes_nothing_writes_no_revision(api):
    """A PUT of what is stored keeps the resourceVersion."""
    old = api.config_map("x", {"a": "1"})

    new = api.ok("PUT", f"{CONFIG_MAPS}/x", old)

    assert new["metadata"]["resourceVersion"] == old["metadata"]["resourceVersion"]


def test_other_uid_is_a_conflict(api):
    """An object recreated meanwhile is not the one that was meant."""
    old = api.config_map("x")
    other = {**old, "metadata": {**old["metadata"], "uid": "other"}}

    status = api.refused(409, "PUT", f"{CONFIG_MAPS}/x", other)

    assert "Precondition failed: UID in precondition: other" in status["message"]


def test_renaming_is_refused(api):
    """The body's name must be the path's."""
    api.config_map("x")

    status = api.refused(400, "PUT", f"{CONFIG_MAPS}/x", make_config_map("y"))

    assert status["message"] == "the name of the object (y) does not match the name on the URL (x)"


def test_status_in_a_plain_update_counts_for_nothing(api):
    """Kinds with a status subresource keep their status, and status writes keep the spec."""
    old = api.post(DEPLOYMENTS, make_deployment())

    changed = {**old, "status": {"replicas": 9}}
    assert "replicas" not in (api.ok("PUT", f"{DEPLOYMENTS}/web", changed).get("status") or {})

    changed = {**old, "spec": {**old["spec"], "replicas": 7}, "status": {"replicas": 9}}
    stored = api.ok("PUT", f"{DEPLOYMENTS}/web/status", changed)
    assert stored["status"]["replicas"] == 9
    assert stored["spec"]["replicas"] == 2


def test_generation_counts_changes_of_the_spec_only(api):
    """Labels leave the generation alone, the spec raises it."""
    assert api.post(DEPLOYMENTS, make_deployment())["metadata"]["generation"] == 1

    labelled = api.patch(f"{DEPLOYMENTS}/web", {"metadata": {"labels": {"a": "b"}}})
    assert labelled["metadata"]["generation"] == 1

    scaled = api.patch(f"{DEPLOYMENTS}/web", {"spec": {"replicas": 5}})
    assert scaled["metadata"]["generation"] == 2


def test_merge_patch_removes_with_null(api):
    """null deletes, everything else replaces."""
    api.config_map("x", {"a": "1", "b": "2"})

    patched = api.patch(f"{CONFIG_MAPS}/x", {"data": {"a": None, "c": "3"}}, MERGE_PATCH)

    assert patched["data"] == {"b": "2", "c": "3"}


def test_json_patch_tests_and_replaces(api):
    """A JSON patch whose test fails changes nothing."""
    api.config_map("x", {"a": "1"})
    replace = {"op": "replace", "path": "/data/a", "value": "2"}

    api.patch(
        f"{CONFIG_MAPS}/x", [{"op": "test", "path": "/data/a", "value": "1"}, replace], JSON_PATCH
    )
    status = api.refused(
        422,
        "PATCH",
        f"{CONFIG_MAPS}/x",
        [{"op": "test", "path": "/data/a", "value": "1"}, replace],
        headers={"content-type": JSON_PATCH},
    )

    assert status["reason"] == "Invalid"
    assert api.get(f"{CONFIG_MAPS}/x")["data"] == {"a": "2"}


def test_strategic_merge_patch_merges_containers_by_name(api):
    """Only the container named is changed."""
    api.post(DEPLOYMENTS, make_deployment())
    containers = [{"name": "main", "image": "nginx:1.28"}]

    patched = api.patch(
        f"{DEPLOYMENTS}/web",
        {"spec": {"template": {"spec": {"containers": containers}}}},
        STRATEGIC,
    )

    container = patched["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "nginx:1.28"
    assert container["imagePullPolicy"]


def test_patch_that_changes_nothing_writes_no_revision(api):
    """kubectl tells unchanged from configured by the resourceVersion."""
    old = api.config_map("x", {"a": "1"})

    new = api.patch(f"{CONFIG_MAPS}/x", {"data": {"a": "1"}})

    assert new["metadata"]["resourceVersion"] == old["metadata"]["resourceVersion"]


def test_patch_with_an_old_version_is_a_conflict(api):
    """A resourceVersion in the patch is a lock."""
    old = api.config_map("x", {"a": "1"})
    api.patch(f"{CONFIG_MAPS}/x", {"data": {"a": "2"}})
    patch = {
        "metadata": {"resourceVersion": old["metadata"]["resourceVersion"]},
        "data": {"a": "3"},
    }

    api.refused(409, "PATCH", f"{CONFIG_MAPS}/x", patch, headers={"content-type": MERGE_PATCH})


def test_strict_patch_names_unknown_fields(api):
    """A patch that sets an unknown field is invalid under Strict."""
    api.post(DEPLOYMENTS, make_deployment())

    status = api.refused(
        422,
        "PATCH",
        f"{DEPLOYMENTS}/web",
        {"spec": {"replcas": 1}},
        "fieldValidation=Strict",
        headers={"content-type": STRATEGIC},
    )

    assert status["message"].startswith(
        ' "" is invalid: patch: Invalid value: "map[spec:map[replcas:1]]": '
    )
    assert status["message"].endswith('strict decoding error: unknown field "spec.replcas"')


def test_unknown_patch_type_is_refused(api):
    """There are four kinds of patch."""
    api.config_map("x")

    status = api.refused(
        415, "PATCH", f"{CONFIG_MAPS}/x", {}, headers={"content-type": "application/json"}
    )

    assert "application/merge-patch+json" in status["message"]


def test_apply_creates_then_updates(api):
    """Server-side apply answers 201 the first time and 200 afterwards."""
    applied = make_config_map("x", {"a": "1"})
    query = "fieldManager=kubectl&fieldValidation=Strict"

    first = api.send("PATCH", f"{CONFIG_MAPS}/x", applied, query, headers={"content-type": APPLY})
    applied["data"] = {"b": "2"}
    second = api.send("PATCH", f"{CONFIG_MAPS}/x", applied, query, headers={"content-type": APPLY})

    assert (first.status_code, second.status_code) == (201, 200)
    assert second.body["data"] == {"b": "2"}
    assert second.body["metadata"]["managedFields"][0]["operation"] == "Apply"


def test_apply_of_the_same_writes_no_revision(api):
    """Applying twice leaves the version alone."""
    applied = make_config_map("x", {"a": "1"})
    first = api.patch(f"{CONFIG_MAPS}/x", applied, APPLY, "fieldManager=kubectl")

    second = api.patch(f"{CONFIG_MAPS}/x", applied, APPLY, "fieldManager=kubectl")

    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_apply_against_another_manager_conflicts_unless_forced(api):
    """Fields owned by somebody else are named; force takes them over."""
    api.patch(f"{CONFIG_MAPS}/x", make_config_map("x", {"a": "1"}), APPLY, "fieldManager=one")
    other = make_config_map("x", {"a": "2"})

    status = api.refused(
        409, "PATCH", f"{CONFIG_MAPS}/x", other, "fieldManager=two", headers={"content-type": APPLY}
    )
    assert status["message"] == 'Apply failed with 1 conflict: conflict with "one": .data.a'
    assert status["details"]["causes"][0]["reason"] == "FieldManagerConflict"

    forced = api.patch(f"{CONFIG_MAPS}/x", other, APPLY, "fieldManager=two&force=true")
    assert forced["data"] == {"a": "2"}


def test_apply_needs_a_field_manager(api):
    """Without a manager nobody would own the fields."""
    status = api.refused(
        422, "PATCH", f"{CONFIG_MAPS}/x", make_config_map("x"), headers={"content-type": APPLY}
    )

    assert "fieldManager: Required value: is required for apply patch" in status["message"]


def test_dry_run_of_a_patch_stores_nothing(api):
    """kubectl diff sees what would be stored."""
    api.config_map("x", {"a": "1"})

    shown = api.patch(f"{CONFIG_MAPS}/x", {"data": {"a": "2"}}, MERGE_PATCH, "dryRun=All")

    assert shown["data"] == {"a": "2"}
    assert api.get(f"{CONFIG_MAPS}/x")["data"] == {"a": "1"}


def test_scale_changes_replicas_alone(api):
    """The scale subresource reads and writes replicas and shows the selector's text."""
    api.post(DEPLOYMENTS, make_deployment())

    scale = api.get(f"{DEPLOYMENTS}/web/scale")
    assert (scale["kind"], scale["spec"]["replicas"]) == ("Scale", 2)
    assert scale["status"]["selector"] == "app=web"

    assert api.patch(f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 4}})["spec"]["replicas"] == 4
    assert api.get(f"{DEPLOYMENTS}/web")["spec"]["replicas"] == 4

    status = api.refused(409, "PUT", f"{DEPLOYMENTS}/web/scale", scale)
    assert status["reason"] == "Conflict"


def test_patching_a_missing_object_is_not_found(api):
    """There is nothing to patch."""
    status = api.refused(404, "PATCH", f"{PODS}/nope", {}, headers={"content-type": MERGE_PATCH})

    assert status["message"] == 'pods "nope" not found'


def test_apply_of_an_unknown_field_names_its_place(api):
    """Server-side apply knows list items by their keys, and answers without a reason."""
    body = make_deployment()
    body["spec"]["template"]["spec"]["containers"][0]["imagee"] = "x"

    status = api.refused(
        500,
        "PATCH",
        f"{DEPLOYMENTS}/web",
        body,
        "fieldManager=kubectl",
        headers={"content-type": APPLY},
    )

    assert status["reason"] == ""
    assert status["message"] == (
        "failed to create typed patch object (default/web; apps/v1, Kind=Deployment): "
        '.spec.template.spec.containers[name="main"].imagee: field not declared in schema'
    )
