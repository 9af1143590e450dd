"""Step 3: the request is authenticated and authorized."""

import pytest

from tests.factories import make_pod
from webapp.api.resources import PODS
from webapp.apimachinery.status import Forbidden
from webapp.apimachinery.wire import UserInfo
from webapp.trace.facts import RequestAuthorized, RequestDenied


def test_the_rule_that_allowed_the_request_is_named(world):
    """Binding and role are facts."""
    world.create(make_pod("web"))

    rules = {fact.rule for fact in world.facts(RequestAuthorized)}

    assert "ClusterRoleBinding cluster-admin → ClusterRole cluster-admin" in rules


def test_someone_without_a_role_is_refused_in_kubernetes_words(world):
    """403 with the text that kubectl shows, and a journey that ends at step 3."""
    nobody = world.cluster.client_for(UserInfo("eve", ("system:authenticated",)), "kubectl")

    with pytest.raises(Forbidden) as refused:
        nobody.create(PODS, "default", make_pod("web"))

    assert refused.value.message == (
        'pods is forbidden: User "eve" cannot create resource "pods" in API group "" in the namespace "default"'
    )
    assert [fact.code for fact in world.facts(RequestDenied)] == [403]
    journey = list(world.cluster.journeys.journeys.values())[-1]
    assert (journey.current, journey.is_held_up) == (3, True)
