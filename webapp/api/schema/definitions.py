"""The definitions of all kinds, loaded when first asked for.

Names are OpenAPI's (``io.k8s.api.core.v1.Pod``); schemas are in OpenAPI v3's form: references read
``#/components/schemas/NAME`` and are wrapped in ``allOf`` where a description stands beside them. Everyone
reads the same trees; nobody changes them.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.apimachinery.meta import JSONObject

REFERENCE_PREFIX = "#/components/schemas/"

_BUILT_IN_FILE = "data/definitions.json.gz"
_OWN_FILE = "podarium.json"


class Definitions(NamedTuple):
    """Everything known about kinds' shapes.

    Attributes:
        version: The Kubernetes version that the built-in definitions are of, for example ``v1.36.0``.
        schemas: Definition name → schema, sorted by name.
        names_by_kind: ``group/version/kind`` → definition name.
    """

    version: str
    schemas: Mapping[str, JSONObject]
    names_by_kind: Mapping[str, str]


class DefinitionsMissingError(RuntimeError):
    """The built-in kinds' definitions were not extracted into this installation."""


@lru_cache(maxsize=1)
def definitions() -> Definitions:
    """All definitions.

    Raises:
        DefinitionsMissingError: A checkout in which ``scripts/extract_schema.py`` never ran.
    """
    package = files(__package__ or "webapp.api.schema")
    try:
        packed = package.joinpath(_BUILT_IN_FILE).read_bytes()
    except FileNotFoundError as error:
        raise DefinitionsMissingError(
            "the definitions of the built-in kinds are missing: run python scripts/extract_schema.py"
        ) from error
    built_in = orjson.loads(gzip.decompress(packed))
    own = orjson.loads(package.joinpath(_OWN_FILE).read_bytes())
    schemas = {**built_in["schemas"], **own["schemas"]}
    return Definitions(
        built_in["version"],
        dict(sorted(schemas.items())),
        {**built_in["kinds"], **own["kinds"]},
    )


def definition(name: str) -> JSONObject | None:
    """The schema called ``name``, or ``None``."""
    return definitions().schemas.get(name)


def definition_name(group: str, version: str, kind: str) -> str | None:
    """The definition's name of a kind, or ``None`` for kinds without one."""
    return definitions().names_by_kind.get(f"{group}/{version}/{kind}")


def definition_for(group: str, version: str, kind: str) -> JSONObject | None:
    """The schema of a kind, or ``None`` for kinds without one."""
    name = definition_name(group, version, kind)
    return None if name is None else definition(name)


def reference_of(schema: JSONObject) -> str | None:
    """Name of the definition that ``schema`` refers to, plainly or inside ``allOf``; else ``None``."""
    reference: Any = schema.get("$ref")
    if reference is None and "allOf" in schema:
        reference = schema["allOf"][0].get("$ref")
    # JSONSchemaProps has a property *named* $ref, whose schema is a mapping.
    return reference.removeprefix(REFERENCE_PREFIX) if isinstance(reference, str) else None
