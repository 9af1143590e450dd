"""Image references: ``nginx``, ``nginx:1.29``, ``ghcr.io/team/app@sha256:…``.

Models:
    vendor/github.com/distribution/reference/normalize.go ParseNormalizedNamed
    pkg/util/parsers/parsers.go ParseImageName
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_DOMAIN = re.compile(r"^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:[0-9]+)?$")
_PATH = re.compile(r"^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$")
_TAG = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")
_DIGEST = re.compile(r"^[A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{32,}$")


class InvalidReferenceError(ValueError):
    """The text is no image reference; the message is the reference library's."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A normalised reference.

    Attributes:
        domain: Registry host, ``docker.io`` when the text names none.
        path: Repository below it; official images begin with ``library/``.
        tag: Tag, ``latest`` when the text has neither tag nor digest; "" beside a digest.
        digest: ``sha256:…`` or "".
    """

    domain: str
    path: str
    tag: str
    digest: str

    @property
    def repository(self) -> str:
        """Domain and path."""
        return f"{self.domain}/{self.path}"

    @property
    def full_name(self) -> str:
        """The name as containerd keeps it."""
        return (
            f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.tag}"
        )

    @property
    def short_name(self) -> str:
        """The repository as people write it: ``nginx``, ``team/app``, ``ghcr.io/team/app``."""
        if self.domain != "docker.io":
            return self.repository
        return self.path.removeprefix("library/")


@lru_cache(maxsize=8192)
def parse_reference(text: str) -> Reference:
    """Normalise an image name.

    Raises:
        InvalidReferenceError: It breaks the grammar.
    """
    rest, at, digest = text.partition("@")
    if at and not _DIGEST.match(digest):
        raise InvalidReferenceError("invalid reference format")
    head, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        head, tag = rest, ""
    elif not _TAG.match(tag):
        raise InvalidReferenceError("invalid reference format")
    domain, slash, path = head.partition("/")
    if not slash or not (
        "." in domain or ":" in domain or domain == "localhost" or domain != domain.lower()
    ):
        domain, path = "docker.io", head
    if domain in ("docker.io", "index.docker.io"):
        domain = "docker.io"
        path = path if "/" in path else f"library/{path}"
    if not _DOMAIN.match(domain):
        raise InvalidReferenceError("invalid reference format")
    if path != path.lower() and _PATH.match(path.lower()):
        raise InvalidReferenceError(
            f"invalid reference format: repository name ({path}) must be lowercase"
        )
    if not _PATH.match(path):
        raise InvalidReferenceError("invalid reference format")
    return Reference(domain, path, "" if digest else tag or "latest", digest)
