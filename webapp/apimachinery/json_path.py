"""Simple JSON paths, as printer columns and scale subresources name the fields they mean.

A path such as ``.status.conditions[?(@.type=="Ready")].status`` is compiled once; values found in an
object leave, in order. Known are fields, quoted fields, indexes, ``*`` and filters that compare a field
with a text, a number or a truth value.

Models:
    staging/src/k8s.io/client-go/util/jsonpath/parser.go Parse
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Step = Callable[[Any], Iterable[Any]]

_TOKEN = re.compile(
    r"""\.(?P<field>(?:[^.\[\]\\]|\\.)+)
    |\[\s*(?P<index>-?\d+)\s*\]
    |\[\s*(?P<quote>['"])(?P<quoted>(?:(?!(?P=quote)).)*)(?P=quote)\s*\]
    |(?P<all>\[\*\])
    |\[\?\(\s*@(?P<path>[^=!<>\s]+)\s*(?P<operator>==|!=)\s*(?P<value>[^)]+?)\s*\)\]
    """,
    re.VERBOSE,
)


class JSONPathError(ValueError):
    """A path that cannot be read."""


class JSONPath:
    """A compiled path.

    Attributes:
        text: As it was written.
    """

    __slots__ = ("_steps", "text")

    def __init__(self, text: str) -> None:
        """Compile ``text``.

        Raises:
            JSONPathError: It is no path, or uses what is not known here.
        """
        self.text = text
        self._steps = _steps(text)

    def find(self, obj: Any) -> list[Any]:
        """All values at the path, in order; empty when there is nothing."""
        found: list[Any] = [obj]
        for step in self._steps:
            found = [value for item in found for value in step(item)]
        return found

    def first(self, obj: Any) -> Any:
        """The first value at the path, or ``None``."""
        found = self.find(obj)
        return found[0] if found else None


def _steps(text: str) -> list[Step]:
    steps: list[Step] = []
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise JSONPathError(f"unrecognized character in path at {text[position:]!r}")
        steps.append(_step(token))
        position = token.end()
    return steps


def _step(token: re.Match[str]) -> Step:
    if token["field"] == "*" or token["all"]:
        return _everything
    if token["index"] is not None:
        return _item_at(int(token["index"]))
    if token["path"] is not None:
        return _filter(JSONPath(token["path"]), token["operator"] == "==", _literal(token["value"]))
    quoted = token["quoted"]
    return _field(re.sub(r"\\(.)", r"\1", token["field"]) if quoted is None else quoted)


def _field(name: str) -> Step:
    def step(value: Any) -> Iterable[Any]:
        if isinstance(value, dict) and name in value:
            yield value[name]

    return step


def _item_at(index: int) -> Step:
    def step(value: Any) -> Iterable[Any]:
        if isinstance(value, list) and -len(value) <= index < len(value):
            yield value[index]

    return step


def _everything(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _filter(path: JSONPath, equal: bool, wanted: Any) -> Step:
    def step(value: Any) -> Iterable[Any]:
        if isinstance(value, list):
            yield from (item for item in value if (path.first(item) == wanted) == equal)

    return step


def _literal(text: str) -> Any:
    if text[0] in "'\"":
        return text[1:-1]
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise JSONPathError(f"{text} is no text, number or truth value") from error
