"""A machine's image store, and the registry that it pulls from.

The registry (:class:`Registry`) is one for all machines: it knows which names and tags exist, and
how large an image is. The store keeps what has been pulled to one machine.

Models:
    containerd/core/remotes/docker/resolver.go dockerResolver.Resolve
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from webapp.cri.api import Image, PullFailure
from webapp.cri.catalogue import BASE_WORDS, BY_NAME, ImageProfile
from webapp.cri.references import Reference, parse_reference

if TYPE_CHECKING:
    from collections.abc import Collection

    from webapp.sim.rng import RandomStream, RandomStreams

PULL_OVERHEAD_MS = 500
"""Resolving, authenticating and unpacking, besides the bytes."""
RESOLVE_MS = 250
"""A pull that finds every layer on the machine."""
REFUSAL_MS = 700
"""Until a registry has said no."""

_IMPOSSIBLE = re.compile(
    r"(does-?_?not-?_?exist|doesnt-?exist|non-?existent|no-?such|not-?found|invalid-?(image|tag))"
)
_VERSION = re.compile(r"^v?(\d+)(?:\.(\d+))?(?:\.\d{1,3}){0,2}(?:-(.+))?$")
_SUFFIX = re.compile(r"^[a-z]+[a-z0-9.]*(-[a-z0-9.]+)*$")


class Registry:
    """All images that can be pulled.

    Args:
        streams: Sizes and digests of images without a profile come from the run's seed.
    """

    def __init__(self, streams: RandomStreams) -> None:
        self._stream: RandomStream = streams.stream("cri/registry")
        self._resolved: dict[str, Image | PullFailure] = {}

    def resolve(self, image: str) -> Image | PullFailure:
        """The image as the registry has it, or containerd's words for why not."""
        found = self._resolved.get(image)
        if found is None:
            found = self._resolved[image] = self._resolve(parse_reference(image))
        return found

    def grants(self, image: str, registries: Collection[str]) -> bool:
        """Whether an image may be pulled with logins for these hosts: any login is good enough."""
        profile = self.profile(image)
        return profile is None or not profile.private or parse_reference(image).domain in registries

    def profile(self, image: str) -> ImageProfile | None:
        """How a well-known image behaves."""
        return BY_NAME.get(parse_reference(image).short_name)

    def _resolve(self, reference: Reference) -> Image | PullFailure:
        name = reference.full_name
        problem = self._problem(reference)
        if problem:
            return PullFailure(problem)
        digest = reference.digest or "sha256:" + "".join(
            f"{self._stream.keyed_bits64(f'{name}/{part}'):016x}" for part in range(4)
        )
        return Image(name, f"{reference.repository}@{digest}", self._size_bytes(reference))

    def _problem(self, reference: Reference) -> str:
        name = reference.full_name
        head = f'failed to pull and unpack image "{name}": failed to resolve reference "{name}"'
        if _IMPOSSIBLE.search(reference.path) or _is_misspelt(reference):
            return (
                f"{head}: pull access denied, repository does not exist or may require "
                "authorization: server message: insufficient_scope: authorization failed"
            )
        profile = BY_NAME.get(reference.short_name)
        if _IMPOSSIBLE.search(reference.tag) or (
            profile is not None and reference.tag and not tag_exists(profile, reference.tag)
        ):
            return f"rpc error: code = NotFound desc = {head}: {name}: not found"
        return ""

    def _size_bytes(self, reference: Reference) -> int:
        profile = BY_NAME.get(reference.short_name)
        chance = self._stream.keyed_uniform(reference.full_name)
        if profile is None:
            return int((20 + 180 * chance * chance) * 1_000_000)
        factor = 1.0
        if "alpine" in reference.tag and profile.name != "alpine":
            factor = 0.35
        elif "slim" in reference.tag:
            factor = 0.45
        return int(profile.size_mb * factor * (0.97 + 0.06 * chance) * 1_000_000)


class ImageStore:
    """Images of one machine; the runtime's ``ImageService``.

    Attributes:
        bytes_per_ms: The machine's bandwidth to the registry.
    """

    __slots__ = ("_images", "_registry", "_stream", "bytes_per_ms")

    def __init__(
        self, registry: Registry, stream: RandomStream, bytes_per_ms: int = 100_000
    ) -> None:
        self._registry = registry
        self._stream = stream
        self._images: dict[str, Image] = {}
        self.bytes_per_ms = bytes_per_ms

    def image_status(self, image: str) -> Image | None:
        """The image, if it is here; the reference must be valid."""
        return self._images.get(parse_reference(image).full_name)

    def list_images(self) -> list[Image]:
        """All images, in the order in which they came."""
        return list(self._images.values())

    def plan_pull(
        self, image: str, registries: Collection[str] = ()
    ) -> tuple[Image | PullFailure, int]:
        """What a pull begun now would give, and its milliseconds.

        Args:
            image: The reference.
            registries: Hosts that there is a login for.
        """
        found = self._registry.resolve(image)
        if not self._registry.grants(image, registries):
            found = access_denied(image)
        jitter = 0.85 + 0.3 * self._stream.uniform()
        if isinstance(found, PullFailure):
            return found, round(REFUSAL_MS * jitter)
        if found.name in self._images:
            return found, round(RESOLVE_MS * jitter)
        return found, round((PULL_OVERHEAD_MS + found.size_bytes / self.bytes_per_ms) * jitter)

    def may_use(self, image: str, registries: Collection[str]) -> bool:
        """Whether an image that is here may be used by whoever has these logins."""
        return self._registry.grants(image, registries)

    def add_image(self, image: Image) -> None:
        """Keep a pulled image."""
        self._images[image.name] = image

    def remove_image(self, image: Image) -> None:
        """Delete an image that no container uses."""
        self._images.pop(image.name, None)


def tag_exists(profile: ImageProfile, tag: str) -> bool:
    """Whether a well-known image has the tag: a version up to its newest, or one of its words."""
    if tag in profile.words:
        return True
    match = _VERSION.match(tag)
    if match is None:
        first = tag.split("-", maxsplit=1)[0]
        return tag in profile.words or re.sub(r"[0-9.]+$", "", first) in (
            *BASE_WORDS,
            *profile.words,
        )
    major, minor = int(match[1]), int(match[2] or 0)
    return (major, minor) <= profile.newest and (match[3] is None or bool(_SUFFIX.match(match[3])))


def _is_misspelt(reference: Reference) -> bool:
    """Whether an official image's name is one slip away from a well-known one: ``ngnix``."""
    name = reference.path.removeprefix("library/")
    if reference.domain != "docker.io" or "/" in name or name in BY_NAME or len(name) < 5:
        return False
    return any("/" not in known and _one_slip_apart(name, known) for known in BY_NAME)


def _one_slip_apart(name: str, known: str) -> bool:
    if abs(len(name) - len(known)) > 1 or len(known) < 5:
        return False
    first = next(
        (at for at, pair in enumerate(zip(name, known, strict=False)) if pair[0] != pair[1]), None
    )
    if first is None:
        return len(name) != len(known)
    rest, known_rest = name[first:], known[first:]
    swapped = rest[1::-1] + rest[2:]
    return known_rest in (swapped, rest[1:]) or known_rest[1:] in (rest, rest[1:])


def access_denied(image: str) -> PullFailure:
    """What a pull from a private repository says without a login; the reference must be valid."""
    name = parse_reference(image).full_name
    return PullFailure(
        f'failed to pull and unpack image "{name}": failed to resolve reference "{name}": pull access '
        "denied, repository does not exist or may require authorization: authorization failed: no "
        "basic auth credentials"
    )


def registry_unreachable(image: str) -> PullFailure:
    """What a pull says when the registry's host cannot be found; the reference must be valid."""
    reference = parse_reference(image)
    name = reference.full_name
    host = "registry-1.docker.io" if reference.domain == "docker.io" else reference.domain
    url = f"https://{host}/v2/{reference.path}/manifests/{reference.digest or reference.tag}"
    return PullFailure(
        f'failed to pull and unpack image "{name}": failed to resolve reference "{name}": failed to '
        f'do request: Head "{url}": dial tcp: lookup {host}: no such host'
    )
