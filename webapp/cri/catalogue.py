"""Well-known images as data: which tags exist, how large they are, what they do by default.

The data is ``images.yaml`` beside this file, one entry an image, sorted by name. Read by the image store
(:mod:`webapp.cri.images`), by the choice of programs (:mod:`webapp.cri.behaviours`) and by what counts use
(:mod:`webapp.cri.stats`).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

SERVE = "serve"
EXIT = "exit"
LOAD = "load"

BASE_WORDS = (
    "alpine",
    "bookworm",
    "bullseye",
    "jammy",
    "latest",
    "noble",
    "slim",
    "stable",
    "trixie",
)
"""Tags without a number that most images have; also what may follow a number."""


@dataclass(frozen=True, slots=True)
class ImageProfile:
    """How an image behaves.

    Attributes:
        name: Repository as people write it.
        size_mb: Compressed size of ``latest``.
        newest: Highest version that exists, two numbers.
        words: Further tags without a number.
        runs: ``serve`` (prints, listens, goes on), ``exit`` (prints, ends) or ``load`` (keeps processors and
            memory busy as its options say).
        ports: TCP ports it listens on.
        start_ms: From start until it listens.
        lines: What it prints at its start; ``{time}`` stands for the moment.
        commands: First words of an explicit command that mean the image's own program.
        stop_exit_code: Exit code after SIGTERM; ``None`` when the first process ignores it.
        stop_ms: From SIGTERM to exit.
        exit_code: Of an image that ends by itself.
        requires_env: One of these variables must be set, or it ends with exit code 1.
        complaint: What it prints then.
        static_pages: Whether it serves files, of which a fresh one has only ``/index.html``.
        grpc: Whether it answers the health service of gRPC.
        private: Whether its registry wants to know who pulls.
        memory_mb: Working set before the first request.
        idle_millis: Millicores that it uses while nobody asks for anything.
        request_us: Processor time of one request.
        request_kb: Memory that a request holds until it is answered.
    """

    name: str
    size_mb: float
    newest: tuple[int, int] = (99, 99)
    words: tuple[str, ...] = ()
    runs: str = SERVE
    ports: tuple[int, ...] = ()
    start_ms: int = 50
    lines: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    stop_exit_code: int | None = 0
    stop_ms: int = 60
    exit_code: int = 0
    requires_env: tuple[str, ...] = ()
    complaint: tuple[str, ...] = ()
    static_pages: bool = False
    grpc: bool = False
    private: bool = False
    memory_mb: float = 12
    idle_millis: float = 0.4
    request_us: int = 300
    request_kb: int = 64


def load_profiles(text: str) -> tuple[ImageProfile, ...]:
    """The profiles in a data file's text, in its order."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    entries: list[dict[str, Any]] = yaml.load(text, Loader=loader)  # noqa: S506  # a safe one
    return tuple(
        ImageProfile(**{name: _frozen(value) for name, value in entry.items()}) for entry in entries
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


PROFILES = load_profiles(files("webapp.cri").joinpath("images.yaml").read_text("utf-8"))
BY_NAME: dict[str, ImageProfile] = {profile.name: profile for profile in PROFILES}
