"""Names of kinds and resources."""

from __future__ import annotations

from typing import NamedTuple


class GroupVersionKind(NamedTuple):
    """What an object says it is: apiVersion and kind."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        """``v1`` or ``group/version``."""
        return f"{self.group}/{self.version}" if self.group else self.version


class GroupVersionResource(NamedTuple):
    """Where objects of a kind live in the API: group, version and plural resource name."""

    group: str
    version: str
    resource: str

    @property
    def api_version(self) -> str:
        """``v1`` or ``group/version``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def path(self) -> str:
        """URL path of the group and version, ``/api/v1`` or ``/apis/group/version``."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"

    @property
    def group_resource(self) -> str:
        """``pods`` or ``deployments.apps``, as messages name it."""
        return f"{self.resource}.{self.group}" if self.group else self.resource


def parse_api_version(api_version: str) -> tuple[str, str]:
    """Split ``group/version`` or ``v1`` into (group, version)."""
    group, _, version = api_version.rpartition("/")
    return group, version
