"""Writes ``static/src/lib/live/protocol.ts`` from the frames; a test keeps the file fresh.

Run ``python -m webapp.live.typescript`` after changing :mod:`webapp.live.frames`.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from webapp.live import frames

TARGET = Path(__file__).parents[2] / "static/src/lib/live/protocol.ts"
ALIASES = ("State", "Role", "ContainerPhase", "Outcome")
HEAD = (
    "// Generated from webapp/live/frames.py by `python -m webapp.live.typescript`; do not edit.\n"
)
_SIMPLE: dict[Any, str] = {
    bool: "boolean",
    int: "number",
    str: "string",
    NoneType: "null",
    Any: "unknown",
}


def protocol_ts() -> str:
    """The whole TypeScript file."""
    aliases = [_alias(name) for name in ALIASES]
    interfaces = [_interface(view) for view in _views()]
    return HEAD + "\n" + "\n".join(aliases) + "\n\n" + "\n\n".join(interfaces) + "\n"


def _views() -> list[type[frames.View]]:
    found = [
        value
        for _, value in inspect.getmembers(frames, inspect.isclass)
        if issubclass(value, frames.View) and value is not frames.View
    ]
    return sorted(found, key=lambda view: inspect.getsourcelines(view)[1])


def _alias(name: str) -> str:
    members = " | ".join(f'"{value}"' for value in get_args(getattr(frames, name)))
    return f"export type {name} = {members};"


def _interface(view: type[frames.View]) -> str:
    hints = get_type_hints(view)
    lines = [
        f"  {wire}: {_type(hints[field])};"
        for field, wire in zip(view.__struct_fields__, view.__struct_encode_fields__, strict=True)
    ]
    return f"export interface {view.__name__} {{\n" + "\n".join(lines) + "\n}"


def _type(hint: Any) -> str:
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    alias = next((name for name in ALIASES if getattr(frames, name) == hint), None)
    if alias is not None:
        return alias
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is list:
        return f"{_type(arguments[0])}[]"
    if origin is dict:
        return f"Record<string, {_type(arguments[1])}>"
    if origin in {Union, UnionType}:
        return " | ".join(_type(argument) for argument in arguments)
    if origin is Literal:
        return " | ".join(f'"{value}"' for value in arguments)
    name: str = hint.__name__
    return name


def main() -> None:
    """Write the file."""
    TARGET.write_text(protocol_ts())
    sys.stdout.write(f"wrote {TARGET.name}\n")


if __name__ == "__main__":
    main()
