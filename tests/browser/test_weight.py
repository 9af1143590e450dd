"""What the first view weighs, from the build's output."""

import gzip
import json
from pathlib import Path

DIST = Path(__file__).resolve().parents[2] / "static/dist"
FIRST_VIEW_BYTES = 400_000


def first_view():
    """The files that the page loads before anything is opened."""
    manifest = json.loads((DIST / ".vite/manifest.json").read_text())
    wanted, found = ["src/main.ts"], set()
    files = []
    while wanted:
        key = wanted.pop()
        if key in found:
            continue
        found.add(key)
        chunk = manifest[key]
        files += [chunk["file"], *chunk.get("css", ())]
        wanted += chunk.get("imports", ())
    # Every Latin font that a style names may be loaded; others only for other scripts.
    fonts = [path.relative_to(DIST).as_posix() for path in DIST.glob("assets/*latin-wght*.woff2")]
    return sorted({*files, *fonts, "favicon.svg"}), manifest


def compressed(name):
    """Bytes on the wire; fonts are compressed already."""
    data = (DIST / name).read_bytes()
    return len(data) if name.endswith(".woff2") else len(gzip.compress(data, 6))


def test_the_first_view_weighs_less_than_400_kilobytes():
    """Scripts, styles and fonts together, as they travel."""
    files, _ = first_view()

    weights = {name: compressed(name) for name in files}

    assert sum(weights.values()) < FIRST_VIEW_BYTES, weights


def test_editor_terminal_and_painter_are_loaded_when_they_are_used():
    """None of them is in a file of the first view."""
    files, manifest = first_view()

    lazy = [key for key, chunk in manifest.items() if chunk.get("isDynamicEntry")]

    for name in ("Manifest.svelte", "Inspector.svelte", "TerminalScreen.svelte", "picture.ts"):
        [key] = [one for one in lazy if one.endswith(name)]
        assert manifest[key]["file"] not in files
