"""The admission chain: mutating steps in order, then the registry's validation, then validating steps.

Handlers call :meth:`AdmissionChain.admit` before and :meth:`AdmissionChain.validate` after validation.
The order is upstream's.

Models:
    pkg/kubeapiserver/options/plugins.go AllOrderedPlugins
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.apiserver.gates import describe_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.admission.plugin import AdmissionAttributes, AdmissionPlugin


class AdmissionChain:
    """The plugins of this API server, in order."""

    def __init__(self, plugins: Sequence[AdmissionPlugin]) -> None:
        self._plugins = tuple(plugins)
        self._described: tuple[Any, Any, list[tuple[str, str]]] | None = None
        self._interested: dict[tuple[str, str, str, str], tuple[AdmissionPlugin, ...]] = {}

    def admit(
        self,
        attributes: AdmissionAttributes,
        obj: JSONObject,
        changes: list[tuple[str, str]] | None = None,
    ) -> JSONObject:
        """The object with all that the plugins fill in.

        Args:
            attributes: The operation.
            obj: The object as defaulted.
            changes: Where to note (plugin, what it filled in), or ``None``.

        Raises:
            StatusError: A plugin refuses the request.
        """
        for plugin in self._plugins_for(attributes):
            before = obj
            obj = plugin.admit(attributes, obj)
            if changes is not None and obj is not before:
                changes += describe_changes(plugin.name, before, obj)
        return obj

    def describe_defaults(self, before: JSONObject, after: JSONObject) -> list[tuple[str, str]]:
        """What defaults filled in; the Pods of one template share their spec, and so its texts."""
        old, new = before.get("spec"), after.get("spec")
        only_spec = after.keys() == before.keys() and all(
            key == "spec" or value is before[key] for key, value in after.items()
        )
        if not only_spec:
            return describe_changes("defaults", before, after)
        known = self._described
        if known is None or known[0] is not old or known[1] is not new:
            known = self._described = (old, new, describe_changes("defaults", before, after))
        return known[2]

    def validate(self, attributes: AdmissionAttributes, obj: JSONObject) -> None:
        """Let the plugins look at the final object.

        Raises:
            StatusError: A plugin refuses the request.
        """
        for plugin in self._plugins_for(attributes):
            plugin.validate(attributes, obj)

    def _plugins_for(self, attributes: AdmissionAttributes) -> tuple[AdmissionPlugin, ...]:
        info = attributes.info
        key = (info.group, info.resource, attributes.subresource, attributes.operation)
        plugins = self._interested.get(key)
        if plugins is None:
            plugins = self._interested[key] = tuple(
                plugin for plugin in self._plugins if plugin.handles(*key)
            )
        return plugins
