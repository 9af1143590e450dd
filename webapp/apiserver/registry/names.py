"""Names and UIDs of new objects.

Models:
    staging/src/k8s.io/apiserver/pkg/storage/names/generate.go SimpleNameGenerator
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.status import AlreadyExists
from webapp.apiserver.storage import object_key

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.apimachinery.scheme import ResourceInfo
    from webapp.apiserver.storage import Storage
    from webapp.sim.rng import RandomStreams

_MAX_BASE_LENGTH = 58
_ATTEMPTS = 8


class Namer:
    """Draws names and UIDs from the run's streams."""

    def __init__(self, streams: RandomStreams, storage: Storage) -> None:
        self._suffixes = streams.stream("apiserver/generate-name")
        self._uids = streams.stream("apiserver/uid")
        self._storage = storage

    def new_uid(self) -> str:
        """The next UID."""
        return self._uids.uid()

    def with_name(
        self, metadata: JSONObject, namespace: str, bucket: str, info: ResourceInfo
    ) -> JSONObject:
        """``metadata`` with a free name when it asks for a generated one.

        Raises:
            AlreadyExists: Several names drawn were all taken.
        """
        base = metadata.get("generateName")
        if metadata.get("name") or not base:
            return metadata
        name = ""
        for _ in range(_ATTEMPTS):
            name = base[:_MAX_BASE_LENGTH] + self._suffixes.name_suffix()
            if self._storage.get(bucket, object_key(namespace, name)) is None:
                return {**metadata, "name": name}
        qualified = f"{info.resource}.{info.group}" if info.group else info.resource
        raise AlreadyExists(
            f'{qualified} "{name}" already exists, the server was not able to generate a unique name for the object',
            {"name": name, "kind": info.resource, **({"group": info.group} if info.group else {})},
        )
