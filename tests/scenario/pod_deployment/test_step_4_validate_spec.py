"""Step 4: admission fills in, the spec is validated, the object is stored at a revision."""

import pytest

from tests.factories import make_container, make_pod
from webapp.apimachinery.status import Invalid
from webapp.trace.facts import ObjectStored, RequestAdmitted


def test_admission_fills_in_what_the_manifest_leaves_out(world):
    """Defaults and admission plugins are named with what they set."""
    world.create(make_pod("web"))

    pod = world.get("Pod", "web")
    assert pod["spec"]["restartPolicy"] == "Always"
    assert pod["spec"]["serviceAccountName"] == "default"
    assert [toleration["key"] for toleration in pod["spec"]["tolerations"]] == [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ]
    changes = next(
        fact.changes for fact in world.facts(RequestAdmitted) if fact.subject.name == "web"
    )
    assert any("restartPolicy" in text for _, text in changes)


def test_an_invalid_spec_is_refused_with_every_field_and_nothing_is_stored(world):
    """All errors at once, in upstream's words."""
    with pytest.raises(Invalid) as refused:
        world.create(
            make_pod(
                "web",
                containers=[make_container(image=""), make_container()],
                restartPolicy="Sometimes",
            )
        )

    causes = {cause["field"]: cause["message"] for cause in refused.value.details["causes"]}
    assert causes["spec.containers[0].image"] == "Required value"
    assert causes["spec.containers[1].name"] == 'Duplicate value: "app"'
    assert causes["spec.restartPolicy"].startswith('Unsupported value: "Sometimes"')
    assert world.get("Pod", "web") is None


def test_a_valid_pod_is_stored_at_a_revision(world):
    """The revision is the Pod's resourceVersion."""
    world.create(make_pod("web"))

    stored = next(fact for fact in world.facts(ObjectStored) if fact.resource == "pods")

    assert str(stored.revision) == world.get("Pod", "web")["metadata"]["resourceVersion"]
