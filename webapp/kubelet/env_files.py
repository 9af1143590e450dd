"""Variables out of a file on an emptyDir volume, which an init container wrote.

Models:
    pkg/kubelet/util/env/env_util.go ParseEnv
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from webapp.kubelet.config_error import ConfigError

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject

_ASSIGNMENT = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_.-]*)='([^']*)'\s*(?:#.*)?")


class Reader(Protocol):
    """A Pod's volumes."""

    def read_file(self, name: str, path: str) -> bytes | None:
        """A file of a volume; ``None`` when it is missing."""


def file_key(volumes: Reader | None, ref: JSONObject) -> str | None:
    """The value of a key in a file; ``None`` for an optional one that is missing.

    Raises:
        ConfigError: The file or the key is missing, or the file is not of the form ``NAME='value'``.
    """
    path, key = ref["path"], ref["key"]
    content = volumes.read_file(ref["volumeName"], path) if volumes is not None else None
    if content is None:
        if ref.get("optional"):
            return None
        raise ConfigError(f"environment variable file {path} does not exist")
    found = parse_env_file(content.decode(errors="replace"), path)
    if key in found:
        return found[key]
    if ref.get("optional"):
        return None
    raise ConfigError(f"environment variable key {key} not found in file {path}")


def parse_env_file(text: str, path: str) -> dict[str, str]:
    """Names and values; a value stands in single quotes and may go over several lines.

    Raises:
        ConfigError: A line is no assignment.
    """
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        line = text[at:].split("\n", 1)[0]
        if not line.strip() or line.lstrip().startswith("#"):
            at += len(line) + 1
            continue
        match = _ASSIGNMENT.match(text, at)
        if match is None:
            number = text.count("\n", 0, at) + 1
            raise ConfigError(
                f"couldn't parse env file {path}: invalid environment variable format at line {number}"
            )
        found[match[1]] = match[2]
        at = match.end() + 1
    return found
