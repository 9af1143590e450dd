"""An API server alone, and the requests that people send: what the tests of this folder share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from webapp.apimachinery.scheme import Scheme
from webapp.apimachinery.wire import Request, Response, UserInfo, WatchResponse
from webapp.apiserver.config import APIServerConfig
from webapp.apiserver.server import APIServer
from webapp.etcd.mvcc import Store
from webapp.sim.rng import RandomStreams
from webapp.trace.recorder import Recorder

if TYPE_CHECKING:
    from webapp.sim.loop import Simulation

ADMIN = UserInfo("kubernetes-admin", ("system:masters",))
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"


class Api:
    """Sends requests as kubectl does and checks answers."""

    def __init__(self, sim: Simulation, config: APIServerConfig | None = None) -> None:
        self.sim = sim
        self.recorder = Recorder(sim.clock)
        self.server = APIServer(
            sim, self.recorder, RandomStreams(7), Store(), Scheme(), config or APIServerConfig()
        )
        self.user: UserInfo | None = ADMIN

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: str = "",
        headers: dict[str, str] | None = None,
        user: UserInfo | None = None,
    ) -> Any:
        parameters: dict[str, tuple[str, ...]] = {}
        for part in filter(None, query.split("&")):
            name, _, value = part.partition("=")
            parameters[name] = (*parameters.get(name, ()), value)
        data = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        return self.server.handle(
            Request(
                method,
                path,
                parameters,
                {"user-agent": "kubectl/v1.36.0", **(headers or {})},
                data,
                user or self.user,
                "kubectl",
            )
        )

    def ok(self, method: str, path: str, body: Any = None, query: str = "", **more: Any) -> Any:
        answer = self.send(method, path, body, query, **more)
        assert isinstance(answer, Response)
        assert answer.status_code < 300, answer.body
        return answer.body

    def refused(
        self, code: int, method: str, path: str, body: Any = None, query: str = "", **more: Any
    ) -> Any:
        answer = self.send(method, path, body, query, **more)
        assert isinstance(answer, Response)
        assert answer.status_code == code, answer.body
        assert answer.body["code"] == code
        return answer.body

    def get(self, path: str, query: str = "", **more: Any) -> Any:
        return self.ok("GET", path, None, query, **more)

    def post(self, path: str, body: Any, query: str = "", **more: Any) -> Any:
        return self.ok("POST", path, body, query, **more)

    def patch(self, path: str, body: Any, kind: str = MERGE_PATCH, query: str = "") -> Any:
        return self.ok("PATCH", path, body, query, headers={"content-type": kind})

    def delete(self, path: str, body: Any = None, query: str = "") -> Any:
        return self.ok("DELETE", path, body, query)

    def watch(self, path: str, query: str = "") -> list[tuple[str, Any]]:
        """A list that fills with (type, object) as the watch goes on."""
        answer = self.send("GET", path, None, f"watch=true&{query}")
        assert isinstance(answer, WatchResponse), answer
        seen: list[tuple[str, Any]] = []
        answer.watcher.start(
            lambda events: seen.extend((event.type, event.object) for event in events)
        )
        return seen

    def facts(self, kind: type) -> list[Any]:
        return [record.fact for record in self.recorder.records if isinstance(record.fact, kind)]

    def pod(self, name: str = "web", namespace: str = "default", **spec: Any) -> Any:
        return self.post(f"/api/v1/namespaces/{namespace}/pods", make_pod(name, **spec))

    def config_map(self, name: str, data: dict[str, str] | None = None, **metadata: Any) -> Any:
        return self.post(CONFIG_MAPS, make_config_map(name, data, **metadata))


CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
SERVICES = "/api/v1/namespaces/default/services"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


def make_pod(name: str = "web", **spec: Any) -> Any:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"containers": [{"name": "main", "image": "nginx:1.27"}], **spec},
    }


def make_config_map(name: str, data: dict[str, str] | None = None, **metadata: Any) -> Any:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, **metadata},
        "data": data or {},
    }


def make_deployment(name: str = "web", replicas: int = 2) -> Any:
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "main", "image": "nginx:1.27"}]},
            },
        },
    }


def make_service(name: str = "web", **spec: Any) -> Any:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80}], **spec},
    }
