"""Step 2: the manifest is posted to the API server."""

from tests.factories import make_pod
from webapp.trace.facts import RequestReceived


def test_posting_a_manifest_leaves_a_request_that_takes_time_to_travel(world):
    """The hop is a fact with a start and a length, so that the page can draw it."""
    world.create(make_pod("web"))

    request = next(fact for fact in world.facts(RequestReceived) if fact.resource == "pods")

    assert (request.verb, request.subject.name) == ("create", "web")
    assert request.duration_ms > 0
