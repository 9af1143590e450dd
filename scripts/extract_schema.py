"""Extract the definitions of the built-in kinds from the installed kubernetes-validate package.

The package ships the schemas of many Kubernetes versions (108 MB installed); Podarium needs one. The build
hook calls :func:`extract`; in a checkout run ``python scripts/extract_schema.py`` once. The result is
``definitions.json.gz``: schemas in the form of OpenAPI v3, an index of kinds, and the version; a NOTICE
with the licence lies beside it. Nothing of it is committed.
"""

from __future__ import annotations

import argparse
import gzip
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

DEFAULT_TARGET = Path(__file__).resolve().parent.parent / "webapp" / "api" / "schema" / "data"
FILE_NAME = "definitions.json.gz"

NOTICE = """\
{file_name} holds the API definitions of Kubernetes v{version}, extracted from the schemas that the package
kubernetes-validate (https://github.com/willthames/kubernetes-validate) distributes.

Kubernetes: Copyright The Kubernetes Authors, Apache License, Version 2.0.
kubernetes-validate: Copyright Will Thames and contributors, Apache License, Version 2.0.
The licence: https://www.apache.org/licenses/LICENSE-2.0

Changes made: converted from JSON schema to the form of OpenAPI v3, joined into one file, compressed.
"""

_INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"


def extract(target_dir: Path, version: str = "1.36") -> Path:
    """Write the definitions of one Kubernetes version into ``target_dir``.

    Args:
        target_dir: Made if missing; an older file in it is replaced.
        version: Minor version, for example ``1.36``.

    Returns:
        The file written.

    Raises:
        SystemExit: kubernetes-validate is not installed, or has no such version.
    """
    source = _source_file(version)
    definitions = json.loads(source.read_text(encoding="utf-8"))["$defs"]
    schemas = {
        name: _converted_definition(name, schema) for name, schema in sorted(definitions.items())
    }
    document = {
        "version": f"v{version}.0",
        "kinds": _kinds_index(schemas),
        "schemas": schemas,
    }
    target_dir.mkdir(parents=True, exist_ok=True)
    target = target_dir / FILE_NAME
    target.write_bytes(
        _compressed(json.dumps(document, separators=(",", ":"), sort_keys=True).encode())
    )
    notice = NOTICE.format(file_name=FILE_NAME, version=f"{version}.0")
    (target_dir / "NOTICE").write_text(notice, encoding="utf-8")
    return target


def _compressed(data: bytes) -> bytes:
    # A fixed time makes equal inputs give equal files.
    return gzip.compress(data, compresslevel=9, mtime=0)


def _source_file(version: str) -> Path:
    package = find_spec("kubernetes_validate")
    if package is None or package.origin is None:
        raise SystemExit("kubernetes-validate is not installed: pip install 'podarium[dev]'")
    schemas = Path(package.origin).parent / "kubernetes-json-schema"
    source = schemas / f"v{version}.0-local" / "_definitions.json"
    if not source.is_file():
        raise SystemExit(f"kubernetes-validate has no definitions of Kubernetes {version}")
    return source


def _converted_definition(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if name == _INT_OR_STRING:
        return {
            "description": schema.get("description", "An integer or a string."),
            "format": "int-or-string",
            "oneOf": [{"type": "integer"}, {"type": "string"}],
        }
    if name == _QUANTITY:
        return {
            "description": schema.get("description", "A quantity of a resource, as 500m or 2Gi."),
            "oneOf": [{"type": "string"}, {"type": "number"}],
        }
    return _converted(schema)


def _converted(schema: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "$ref":
            reference = {"$ref": "#/components/schemas/" + value.rpartition("/")[2]}
            # OpenAPI v3 ignores what stands beside a reference, so it is wrapped.
            result.update(reference if len(schema) == 1 else {"allOf": [reference]})
        elif key == "type":
            result["type"] = (
                value if isinstance(value, str) else next(t for t in value if t != "null")
            )
        elif key == "properties":
            result["properties"] = {
                name: _without_fixed_value(name, _converted(item)) for name, item in value.items()
            }
        elif key == "items" or (key == "additionalProperties" and isinstance(value, dict)):
            result[key] = _converted(value)
        elif key in ("oneOf", "anyOf", "allOf"):
            result[key] = [_converted(item) for item in value]
        else:
            result[key] = value
    return result


def _without_fixed_value(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if name in ("apiVersion", "kind"):
        schema.pop("enum", None)
    return schema


def _kinds_index(schemas: dict[str, dict[str, Any]]) -> dict[str, str]:
    """``group/version/kind`` to the definition's name; kinds of every group (DeleteOptions) under meta."""
    index = {}
    for name, schema in schemas.items():
        for gvk in schema.get("x-kubernetes-group-version-kind", ()):
            index[f"{gvk.get('group', '')}/{gvk['version']}/{gvk['kind']}"] = name
    return index


def main() -> None:
    """Extract into the checkout, or into ``--target``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--target", type=Path, default=DEFAULT_TARGET)
    parser.add_argument("--version", default="1.36")
    arguments = parser.parse_args()
    print(extract(arguments.target, arguments.version))


if __name__ == "__main__":
    main()
