"""An API server alone: no components, plain requests."""

import pytest

from tests.unit.apiserver.harness import Api
from webapp.sim.loop import Simulation


@pytest.fixture
def api(sim: Simulation) -> Api:
    """An API server with the default ServiceAccount of the default Namespace."""
    made = Api(sim)
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
    made.post("/api/v1/namespaces/default/serviceaccounts", account)
    return made
