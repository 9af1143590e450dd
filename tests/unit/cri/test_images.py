"""References, tags that exist, and pulls."""

from __future__ import annotations

import pytest

from webapp.cri.api import Image, PullFailure
from webapp.cri.catalogue import BY_NAME, PROFILES
from webapp.cri.images import ImageStore, Registry, tag_exists
from webapp.cri.references import InvalidReferenceError, parse_reference
from webapp.sim.rng import RandomStreams


@pytest.mark.parametrize(
    ("text", "full_name"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.29", "docker.io/library/nginx:1.29"),
        ("team/app:v1", "docker.io/team/app:v1"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
        ("ghcr.io/team/app@sha256:" + "a" * 64, "ghcr.io/team/app@sha256:" + "a" * 64),
    ],
)
def test_references_are_normalised_as_containerd_does(text: str, full_name: str) -> None:
    """Registry, library/ and latest are filled in."""
    assert parse_reference(text).full_name == full_name


@pytest.mark.parametrize(
    "text", ["", "Nginx", "nginx:", "nginx:a b", "-x", "a//b", "nginx@sha256:1"]
)
def test_broken_references_are_refused(text: str) -> None:
    """What breaks the grammar is no image."""
    with pytest.raises(InvalidReferenceError, match="invalid reference format"):
        parse_reference(text)


@pytest.mark.parametrize(
    ("image", "tag", "exists"),
    [
        ("nginx", "1.27.3-alpine", True),
        ("nginx", "stable", True),
        ("nginx", "alpine3.22-slim", True),
        ("nginx", "1.161", False),
        ("nginx", "latestt", False),
        ("busybox", "1.28", True),
        ("postgres", "16", True),
        ("postgres", "99", False),
        ("redis", "7.2-bookworm", True),
    ],
)
def test_tags_exist_up_to_the_newest_version(image: str, tag: str, *, exists: bool) -> None:
    """Versions that were never released do not."""
    assert tag_exists(BY_NAME[image], tag) is exists


def test_the_catalogue_is_sorted_and_each_name_is_a_reference() -> None:
    """One entry an image, in order."""
    names = [profile.name for profile in PROFILES]

    assert names == sorted(names)
    assert all(parse_reference(name).short_name == name for name in names)


@pytest.fixture
def store() -> ImageStore:
    streams = RandomStreams(1)
    return ImageStore(Registry(streams), streams.stream("test"))


def test_a_pull_takes_time_by_size_and_nothing_twice(store: ImageStore) -> None:
    """A large image takes longer; the second pull only resolves."""
    small, small_ms = store.plan_pull("busybox")
    large, large_ms = store.plan_pull("golang")
    assert isinstance(small, Image)
    assert isinstance(large, Image)
    assert small_ms < 700 < 2_500 < large_ms

    store.add_image(large)

    assert store.plan_pull("golang")[1] < 700
    assert store.image_status("golang:latest") == large


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("nginx:1.161", "docker.io/library/nginx:1.161: not found"),
        ("doesnotexist", "pull access denied"),
        ("ngnix", "pull access denied"),
        ("ghcr.io/team/app:does-not-exist", "not found"),
    ],
)
def test_what_a_registry_does_not_have_fails(store: ImageStore, image: str, words: str) -> None:
    """In containerd's words."""
    result, _ = store.plan_pull(image)

    assert isinstance(result, PullFailure)
    assert words in result.message


@pytest.mark.parametrize("image", ["my-shop:v3", "ghcr.io/team/app:2024.1", "mode"])
def test_images_nobody_described_exist(store: ImageStore, image: str) -> None:
    """Any other name can be pulled."""
    assert isinstance(store.plan_pull(image)[0], Image)
