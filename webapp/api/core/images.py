"""Taking an image's name apart.

Models:
    pkg/util/parsers/parsers.go ParseImageName
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple


class ImageName(NamedTuple):
    """Repository, tag and digest; the tag is ``latest`` when the name has neither tag nor digest."""

    repository: str
    tag: str
    digest: str


@lru_cache(maxsize=4096)
def parse_image(image: str) -> ImageName:
    """Split ``registry:5000/team/web:1.2@sha256:…``."""
    name, _, digest = image.partition("@")
    path, slash, last = name.rpartition("/")
    base, colon, tag = last.partition(":")
    repository = f"{path}{slash}{base}"
    if not colon and not digest:
        tag = "latest"
    return ImageName(repository, tag, digest)


def default_pull_policy(image: str) -> str:
    """``Always`` for the tag ``latest``, else ``IfNotPresent``."""
    return "Always" if parse_image(image).tag == "latest" else "IfNotPresent"
