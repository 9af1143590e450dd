"""Vite's manifest into the script and style tags of the page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

ENTRY = "src/main.ts"
_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class WebRoot:
    """Where the page's files lie.

    Attributes:
        templates: Folder of the HTML templates.
        dist: Folder of the built page; it may be missing.
    """

    templates: Path
    dist: Path


@dataclass(frozen=True, slots=True)
class Tags:
    """What the page's head must load: paths below ``/static/``, in order."""

    scripts: tuple[str, ...]
    styles: tuple[str, ...]
    preloads: tuple[str, ...]


def find_web_root() -> WebRoot:
    """The installed page, or the one in a source checkout."""
    installed = _PACKAGE / "_web"
    if installed.is_dir():
        return WebRoot(installed / "templates", installed / "static" / "dist")
    return WebRoot(_PACKAGE.parent / "templates", _PACKAGE.parent / "static" / "dist")


def read_tags(dist: Path) -> Tags | None:
    """The tags of the built page; ``None`` when it was not built."""
    manifest_path = dist / ".vite" / "manifest.json"
    if not manifest_path.is_file():
        return None
    manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    entry = manifest[ENTRY]
    chunks = _static_imports(manifest, ENTRY)
    styles = [style for key in (*chunks, ENTRY) for style in manifest[key].get("css", ())]
    return Tags(
        scripts=(entry["file"],),
        styles=tuple(dict.fromkeys(styles)),
        preloads=tuple(manifest[key]["file"] for key in chunks),
    )


def _static_imports(manifest: dict[str, dict[str, list[str]]], key: str) -> list[str]:
    """Keys of the chunks that ``key`` needs, the deepest first, each once."""
    found: list[str] = []
    for imported in manifest[key].get("imports", ()):
        if imported not in found:
            found += [k for k in _static_imports(manifest, imported) if k not in found]
            found.append(imported)
    return found
