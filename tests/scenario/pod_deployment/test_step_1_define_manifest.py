"""Step 1: the Pod is defined in a manifest."""

from tests.factories import make_pod


def test_the_journey_of_a_pod_begins_with_who_sent_its_manifest(world):
    """The client that sent the manifest is the actor of the first step."""
    world.create(make_pod("web"))

    first = world.cluster.explain_pod("default", "web")["journey"]["steps"][0]

    assert (first["name"], first["actor"], first["failed"]) == (
        "define_manifest",
        "podarium",
        False,
    )
