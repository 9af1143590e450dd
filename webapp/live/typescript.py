"""Writes ``protocol.ts`` and ``history.ts`` of ``static/src/lib/live`` from the frames and the answers.

Run ``python -m webapp.live.typescript`` after changing :mod:`webapp.live.frames` or
:mod:`webapp.live.history`; a test keeps the files fresh.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from webapp.live import frames, history

if TYPE_CHECKING:
    from types import ModuleType

FOLDER = Path(__file__).parents[2] / "static/src/lib/live"
TARGET = FOLDER / "protocol.ts"
HISTORY_TARGET = FOLDER / "history.ts"
ALIASES = ("State", "Role", "ContainerPhase", "Outcome", "Lane")
HISTORY_ALIASES = ("MarkKind", "ChangeType")
HEAD = (
    "// Generated from webapp/live/frames.py by `python -m webapp.live.typescript`; do not edit.\n"
)
HISTORY_HEAD = (
    "// Generated from webapp/live/history.py by `python -m webapp.live.typescript`; do not edit.\n"
    'import type { FactView, Snapshot } from "./protocol.ts";\n'
)
_SIMPLE: dict[Any, str] = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    NoneType: "null",
    Any: "unknown",
}


def protocol_ts() -> str:
    """The TypeScript file of the stream's frames."""
    return _file(HEAD, frames, ALIASES)


def history_ts() -> str:
    """The TypeScript file of the answers about the past and about rooms."""
    return _file(HISTORY_HEAD, history, HISTORY_ALIASES)


def _file(head: str, module: ModuleType, names: tuple[str, ...]) -> str:
    aliases = [_alias(module, name) for name in names]
    interfaces = [_interface(view) for view in _views(module)]
    return head + "\n" + "\n".join(aliases) + "\n\n" + "\n\n".join(interfaces) + "\n"


def _views(module: ModuleType) -> list[type[frames.View]]:
    found = [
        value
        for _, value in inspect.getmembers(module, inspect.isclass)
        if issubclass(value, frames.View) and value.__module__ == module.__name__
    ]
    shown = [view for view in found if view is not frames.View]
    return sorted(shown, key=lambda view: inspect.getsourcelines(view)[1])


def _alias(module: ModuleType, name: str) -> str:
    members = " | ".join(f'"{value}"' for value in get_args(getattr(module, name)))
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
    alias = next((name for module, name in _named() if getattr(module, name) == hint), None)
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


def _named() -> list[tuple[ModuleType, str]]:
    named = [(frames, name) for name in ALIASES]
    return [*named, *((history, name) for name in HISTORY_ALIASES)]


def main() -> None:
    """Write the files."""
    TARGET.write_text(protocol_ts())
    HISTORY_TARGET.write_text(history_ts())
    sys.stdout.write(f"wrote {TARGET.name} and {HISTORY_TARGET.name}\n")


if __name__ == "__main__":
    main()
