"""All resources' stores, and what every handler needs beside them.

Made once by the API server; handlers look up the store of the resource that a request is about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.apiextensions.preparation import custom_rules
from webapp.api.kinds import rules_for
from webapp.apiserver.registry.names import Namer
from webapp.apiserver.registry.namespace import NamespaceStrategy
from webapp.apiserver.registry.pod import PodStrategy
from webapp.apiserver.registry.service import ServiceAllocators, ServiceStrategy
from webapp.apiserver.registry.store import ResourceStore
from webapp.apiserver.registry.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo
    from webapp.apiserver.admission.chain import AdmissionChain
    from webapp.apiserver.cacher import Cacher
    from webapp.apiserver.config import APIServerConfig
    from webapp.apiserver.storage import Storage
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStreams


class Registry:
    """The stores by resource.

    Attributes:
        storage, cacher: Where objects lie, and who watches them.
        admission: The admission chain.
        namer: Draws names and UIDs.
        living: For (group, resource): what an object looks like at the moment of reading, for fields
            that would change all the time (heartbeats, the clock) and are computed instead of written.
        sim: Virtual time.
    """

    def __init__(
        self,
        storage: Storage,
        cacher: Cacher,
        admission: AdmissionChain,
        config: APIServerConfig,
        sim: Simulation,
        streams: RandomStreams,
    ) -> None:
        self.storage = storage
        self.cacher = cacher
        self.admission = admission
        self.sim = sim
        self.namer = Namer(streams, storage)
        self._allocators = ServiceAllocators(config, streams, storage)
        self._stores: dict[tuple[str, str, str], ResourceStore] = {}
        self.living: dict[tuple[str, str], Callable[[JSONObject], JSONObject]] = {}

    def store_for(self, info: ResourceInfo) -> ResourceStore:
        """The store of a resource, made at first use."""
        key = (info.group, info.version, info.resource)
        store = self._stores.get(key)
        if store is None or store.info is not info:
            strategy = self._strategy_for(info)
            store = ResourceStore(info, strategy, self.storage, self.namer, self.sim)
            self._stores[key] = store
        return store

    def _strategy_for(self, info: ResourceInfo) -> Strategy:
        if info.custom is not None:
            return Strategy(info, custom_rules(info))
        rules = rules_for(info.group, info.kind)
        if info.group == "":
            if info.resource == "namespaces":
                return NamespaceStrategy(info, rules)
            if info.resource == "pods":
                return PodStrategy(info, rules)
            if info.resource == "services":
                return ServiceStrategy(info, rules, self._allocators)
        return Strategy(info, rules)
