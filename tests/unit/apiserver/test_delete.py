"""DELETE: at once, gracefully, kept by finalizers, in collections."""

from tests.unit.apiserver.harness import CONFIG_MAPS, DEPLOYMENTS, PODS, make_deployment


def bind(api, name="web", node="n1"):
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": name},
        "target": {"name": node},
    }
    return api.post(f"{PODS}/{name}/binding", binding)


def test_plain_object_is_gone_at_once(api):
    """The answer is a Status that names what was deleted."""
    uid = api.config_map("x")["metadata"]["uid"]

    status = api.delete(f"{CONFIG_MAPS}/x")

    assert status["status"] == "Success"
    assert status["details"] == {"name": "x", "kind": "configmaps", "uid": uid}
    api.refused(404, "GET", f"{CONFIG_MAPS}/x")


def test_watchers_see_the_deletion_at_its_own_revision(api):
    """DELETED carries a new resourceVersion."""
    api.config_map("x")
    seen = api.watch(CONFIG_MAPS, f"resourceVersion={api.server.revision}")

    api.delete(f"{CONFIG_MAPS}/x")

    assert seen[0][0] == "DELETED"
    assert seen[0][1]["metadata"]["resourceVersion"] == str(api.server.revision)


def test_unscheduled_pod_is_gone_at_once(api):
    """A Pod that no kubelet knows needs no grace."""
    api.pod()

    assert api.delete(f"{PODS}/web")["kind"] == "Pod"
    api.refused(404, "GET", f"{PODS}/web")


def test_pod_on_a_node_lives_through_its_grace_period(api):
    """The Pod is marked, and goes when the kubelet deletes it without grace."""
    api.pod()
    bind(api)

    marked = api.delete(f"{PODS}/web")
    metadata = marked["metadata"]
    assert metadata["deletionGracePeriodSeconds"] == 30
    assert metadata["deletionTimestamp"] > metadata["creationTimestamp"]
    assert metadata["generation"] == 2

    api.delete(f"{PODS}/web", {"gracePeriodSeconds": 0})
    api.refused(404, "GET", f"{PODS}/web")


def test_grace_period_is_only_ever_shortened(api):
    """A second deletion may be quicker, not slower."""
    api.pod()
    bind(api)
    first = api.delete(f"{PODS}/web", {"gracePeriodSeconds": 20})["metadata"]

    longer = api.delete(f"{PODS}/web", {"gracePeriodSeconds": 60})["metadata"]
    assert longer["deletionGracePeriodSeconds"] == 20
    assert longer["resourceVersion"] == first["resourceVersion"]

    shorter = api.delete(f"{PODS}/web", {"gracePeriodSeconds": 5})["metadata"]
    assert shorter["deletionGracePeriodSeconds"] == 5
    assert shorter["deletionTimestamp"] < first["deletionTimestamp"]


def test_finalizers_keep_an_object_until_the_last_is_removed(api):
    """The object stays visible with its deletion time."""
    api.config_map("x", finalizers=["example.com/wait"])

    marked = api.delete(f"{CONFIG_MAPS}/x")
    assert marked["metadata"]["deletionTimestamp"]
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 0

    api.patch(f"{CONFIG_MAPS}/x", {"metadata": {"finalizers": None}})
    api.refused(404, "GET", f"{CONFIG_MAPS}/x")


def test_foreground_and_orphan_add_their_finalizers(api):
    """The garbage collector finds its work in the finalizers."""
    for name, policy, finalizer in (
        ("a", "Foreground", "foregroundDeletion"),
        ("b", "Orphan", "orphan"),
    ):
        api.post(DEPLOYMENTS, make_deployment(name))

        marked = api.delete(f"{DEPLOYMENTS}/{name}", {"propagationPolicy": policy})

        assert marked["metadata"]["finalizers"] == [finalizer]
        assert marked["metadata"]["generation"] == 2


def test_background_deletes_at_once(api):
    """Dependents are the garbage collector's business afterwards."""
    api.post(DEPLOYMENTS, make_deployment())

    assert (
        api.delete(f"{DEPLOYMENTS}/web", {"propagationPolicy": "Background"})["status"] == "Success"
    )


def test_precondition_must_hold(api):
    """Another UID is another object."""
    uid = api.config_map("x")["metadata"]["uid"]

    status = api.refused(409, "DELETE", f"{CONFIG_MAPS}/x", {"preconditions": {"uid": "other"}})

    assert status["message"] == (
        'Operation cannot be fulfilled on configmaps "x": Precondition failed: UID in precondition: other, '
        f"UID in object meta: {uid}"
    )


def test_unknown_policy_is_invalid(api):
    """There are three policies."""
    api.config_map("x")

    status = api.refused(422, "DELETE", f"{CONFIG_MAPS}/x", {"propagationPolicy": "Nuke"})

    assert 'propagationPolicy: Unsupported value: "Nuke"' in status["message"]


def test_dry_run_deletes_nothing(api):
    """dryRun=All answers as if."""
    api.config_map("x")

    api.delete(f"{CONFIG_MAPS}/x", {"dryRun": ["All"]})

    assert api.get(f"{CONFIG_MAPS}/x")


def test_collection_is_deleted_by_selector(api):
    """deletecollection takes what the selector selects."""
    api.config_map("a", labels={"x": "1"})
    api.config_map("b", labels={"x": "2"})

    api.ok("DELETE", CONFIG_MAPS, None, "labelSelector=x=1")

    assert [item["metadata"]["name"] for item in api.get(CONFIG_MAPS)["items"]] == ["b"]


def test_namespace_ends_when_it_is_finalized(api):
    """A Namespace is Terminating until its finalizer is taken away."""
    api.post(
        "/api/v1/namespaces",
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}},
    )

    ending = api.delete("/api/v1/namespaces/team")
    assert ending["status"]["phase"] == "Terminating"
    status = api.refused(
        403,
        "POST",
        "/api/v1/namespaces/team/configmaps",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}},
    )
    assert status["message"] == (
        'configmaps "x" is forbidden: unable to create new content in namespace team because it is being terminated'
    )

    api.ok("PUT", "/api/v1/namespaces/team/finalize", {**ending, "spec": {"finalizers": []}})
    api.refused(404, "GET", "/api/v1/namespaces/team")


def test_default_namespace_cannot_be_deleted(api):
    """Three Namespaces are immortal."""
    status = api.refused(403, "DELETE", "/api/v1/namespaces/default")

    assert (
        status["message"] == 'namespaces "default" is forbidden: this namespace may not be deleted'
    )
