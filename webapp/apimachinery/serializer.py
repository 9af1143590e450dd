"""JSON and YAML in and out.

Bytes or text enter, JSON trees leave, and the other way round. Nothing here knows kinds. Bodies are
bounded in size, depth and alias expansion before anyone walks them, so a hostile manifest costs little.
YAML is read as kubectl reads it: YAML 1.1 booleans (``on``, ``yes``, ``y``), octal numbers, keys as texts.

Models:
    staging/src/k8s.io/apimachinery/pkg/runtime/serializer/json/json.go Decode
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
import yaml

from webapp.apimachinery.status import BadRequest, RequestEntityTooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.apimachinery.meta import JSONObject

MAX_BODY_BYTES = 3 * 1024 * 1024
MAX_DEPTH = 200
"""Levels of nesting; what is deeper could not be encoded again."""
MAX_EXPANDED_SIZE = 10 * 1024 * 1024
"""Characters and nodes of one YAML document once its aliases are expanded."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class Decoded(NamedTuple):
    """A decoded body.

    Attributes:
        value: The JSON tree.
        strict_errors: What strict decoding objects to, as ``duplicate field "spec.replicas"``.
    """

    value: Any
    strict_errors: tuple[str, ...]


class YAMLDocument(NamedTuple):
    """One document of a YAML text.

    Attributes:
        position: Place among the text's documents, empty ones counted, from 0.
        line: Line on which its content begins, from 1.
        value: The object.
        strict_errors: What strict decoding objects to, as ``line 7: key "name" already set in map``.
    """

    position: int
    line: int
    value: JSONObject
    strict_errors: tuple[str, ...]


class YAMLError(BadRequest):
    """A YAML text cannot be read.

    Attributes:
        position: Document in which the fault lies, from 0.
        line: Line of the fault, from 1.
    """

    def __init__(self, problem: str, position: int, line: int) -> None:
        super().__init__(f"error converting YAML to JSON: yaml: line {line}: {problem}")
        self.position = max(position, 0)
        self.line = line


def decode_json(data: bytes, *, limit: int = MAX_BODY_BYTES) -> Any:
    """Decode a JSON body; of duplicate keys the last one counts.

    Raises:
        BadRequest: It is no JSON, or nested too deeply. The message is Go's; callers say what they decoded.
        RequestEntityTooLarge: It is longer than ``limit`` bytes.
    """
    _check_size(len(data), limit)
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadRequest(_go_json_problem(error)) from error
    # Only a body with that many brackets can be that deep.
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH:
        _check_depth(value)
    return value


def decode_json_strict(data: bytes, *, limit: int = MAX_BODY_BYTES) -> Decoded:
    """Decode a JSON body and name its duplicate keys, as strict decoding reports them.

    Raises:
        BadRequest: It is no JSON, or nested too deeply.
        RequestEntityTooLarge: It is longer than ``limit`` bytes.
    """
    value = decode_json(data, limit=limit)
    found: list[bool] = []

    def note_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        entries = dict(pairs)
        if len(entries) != len(pairs):
            found.append(True)
        return entries

    json.loads(data, object_pairs_hook=note_duplicates)
    if not found:
        return Decoded(value, ())
    pairs_tree = json.loads(data, object_pairs_hook=_Pairs)
    return Decoded(value, tuple(dict.fromkeys(_duplicate_fields(pairs_tree, ""))))


def decode_yaml(data: bytes | str, *, limit: int = MAX_BODY_BYTES) -> Decoded:
    """Decode a body of one YAML document (JSON is YAML), as apply patches are sent.

    Raises:
        BadRequest: It is no YAML, no mapping, or there is more than one document.
        RequestEntityTooLarge: It is longer than ``limit`` bytes.
    """
    raw = data.encode() if isinstance(data, str) else data
    if raw.lstrip()[:1] == b"{":
        try:
            return decode_json_strict(raw, limit=limit)
        except BadRequest:
            # A flow mapping with unquoted keys looks like JSON and is YAML only.
            pass
    documents = decode_yaml_documents(data, limit=limit)
    if len(documents) != 1:
        raise BadRequest(f"expected one YAML document, found {len(documents)}")
    return Decoded(documents[0].value, documents[0].strict_errors)


def decode_yaml_documents(text: bytes | str, *, limit: int = MAX_BODY_BYTES) -> list[YAMLDocument]:
    """Decode a manifest of one or more documents; empty documents are left out.

    Raises:
        YAMLError: A document is no YAML, no mapping, too deep, or expands beyond MAX_EXPANDED_SIZE.
        RequestEntityTooLarge: The text is longer than ``limit`` bytes.
    """
    if isinstance(text, str):
        text = text.encode()
    _check_size(len(text), limit)
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise YAMLError(
            "invalid leading UTF-8 octet", 0, text[: error.start].count(b"\n") + 1
        ) from error
    reader = _YAMLReader()
    try:
        return list(reader.documents(decoded))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        raise YAMLError(error.problem or "malformed", reader.index, line) from error
    except yaml.YAMLError as error:
        raise YAMLError("control characters are not allowed", reader.index, 1) from error


def encode_json(obj: Any) -> bytes:
    """Compact JSON."""
    return orjson.dumps(obj)


def encode_yaml(obj: Any) -> str:
    """YAML in block style with sorted keys, quoted where kubectl would read anything but the text."""
    text: str = yaml.dump(
        obj,
        Dumper=_PlainDumper,
        sort_keys=True,
        default_flow_style=False,
        allow_unicode=True,
        width=2**20,
    )
    return text


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise RequestEntityTooLarge(f"Request entity too large: limit is {limit}")


def _check_depth(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise BadRequest("exceeded max depth")
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, (dict, list))
        ]
        if depth == 1 and not isinstance(value, (dict, list)):
            return


def _go_json_problem(error: orjson.JSONDecodeError) -> str:
    if error.pos >= len(error.doc):
        return "unexpected end of JSON input"
    return f"invalid character '{error.doc[error.pos]}' looking for beginning of value"


class _Pairs(list[tuple[str, Any]]):
    """An object as its key-value pairs, duplicates kept."""


def _duplicate_fields(node: Any, path: str) -> Iterator[str]:
    if isinstance(node, _Pairs):
        seen = set()
        for key, value in node:
            field = f"{path}.{key}" if path else key
            if key in seen:
                yield f'duplicate field "{field}"'
            seen.add(key)
            yield from _duplicate_fields(value, field)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from _duplicate_fields(item, f"{path}[{index}]")


_TRUE = frozenset(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"))
_FALSE = frozenset(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"))
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_MAY_BE_SPECIAL = frozenset("+-.0123456789yYnNtTfFoO~")
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO]?(?P<oct>[0-7]+)"
    r"|(?P<dec>0|[1-9][0-9]*))\Z"
)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
_BASES = (("hex", 16), ("bin", 2), ("oct", 8), ("dec", 10))


def _plain_value(text: str) -> Any:
    """What an unquoted scalar means.

    Raises:
        ValueError: Infinity or not a number, which JSON cannot hold.
    """
    if text in _NULL:
        return None
    if text[0] not in _MAY_BE_SPECIAL:
        return text
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if _NOT_FINITE.match(text):
        raise ValueError(f"json: unsupported value: {text}")
    number = text.replace("_", "")
    match = _INTEGER.match(number)
    if match is not None:
        digits, base = next((match[name], base) for name, base in _BASES if match[name] is not None)
        # Longer than any 64-bit number in any base: a float, as JSON's readers take it.
        if len(digits) <= 64:
            value = int(digits, base)
            value = -value if match["sign"] == "-" else value
            if -(2**63) <= value < 2**64:
                return value
    if _FLOAT.match(number):
        fraction = float(number)
        if fraction in (float("inf"), float("-inf")):
            raise ValueError(f"json: unsupported value: {text}")
        # Encoders write whole floats without a fraction.
        return int(fraction) if fraction.is_integer() and abs(fraction) < 2**63 else fraction
    return text


def _key_text(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    if key is None or isinstance(key, (dict, list)):
        raise ValueError(f"unsupported map key: {'null' if key is None else 'not a scalar'}")
    return str(key)


class _Frame:
    """A collection under construction."""

    __slots__ = ("anchor", "has_key", "key", "key_line", "merged", "size", "value")

    def __init__(self, value: dict[str, Any] | list[Any], anchor: str | None) -> None:
        self.value = value
        self.anchor = anchor
        self.size = 1
        self.key: Any = None
        self.key_line = 0
        self.has_key = False
        self.merged: list[dict[str, Any]] = []


class _YAMLReader:
    """Builds trees from the parser's events, without recursion; aliases share their tree.

    Attributes:
        index: The document being read, from 0.
    """

    def __init__(self) -> None:
        self.index = -1

    def documents(self, text: str) -> Iterator[YAMLDocument]:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.DocumentStartEvent):
                self.index += 1
                self._start_document()
            elif isinstance(event, yaml.DocumentEndEvent):
                if self._root is not None:
                    yield self._document()
            elif isinstance(event, yaml.NodeEvent):
                self._node(event)
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                self._end_collection(event)

    def _start_document(self) -> None:
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._root: Any = None
        self._line = 0
        self._strict_errors: list[str] = []

    def _document(self) -> YAMLDocument:
        if not isinstance(self._root, dict):
            kind = "array" if isinstance(self._root, list) else _json_type(self._root)
            raise YAMLError(
                f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}",
                self.index,
                self._line,
            )
        return YAMLDocument(self.index, self._line, self._root, tuple(self._strict_errors))

    def _node(self, event: yaml.NodeEvent) -> None:
        line = _line(event)
        if not self._line:
            self._line = line
        if isinstance(event, yaml.ScalarEvent):
            try:
                value = _scalar(event)
            except ValueError as error:
                raise YAMLError(str(error), self.index, line) from error
            size = 1 + len(event.value)
            if event.anchor is not None:
                self._anchors[event.anchor] = value, size
            is_merge = event.value == "<<" and event.style in (None, "") and event.implicit[0]
            self._add(_MERGE if is_merge and self._expects_key() else value, size, line)
        elif isinstance(event, yaml.AliasEvent):
            self._add(*self._aliased(event, line), line)
        else:
            if len(self._stack) >= MAX_DEPTH:
                raise YAMLError("exceeded max depth", self.index, line)
            fresh: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            self._stack.append(_Frame(fresh, event.anchor))

    def _aliased(self, event: yaml.AliasEvent, line: int) -> tuple[Any, int]:
        if event.anchor in self._anchors:
            return self._anchors[event.anchor]
        if any(frame.anchor == event.anchor for frame in self._stack):
            raise YAMLError(f"anchor '{event.anchor}' value contains itself", self.index, line)
        raise YAMLError(f"unknown anchor '{event.anchor}' referenced", self.index, line)

    def _end_collection(self, event: yaml.Event) -> None:
        frame = self._stack.pop()
        if frame.merged and isinstance(frame.value, dict):
            for source in frame.merged:
                for key, value in source.items():
                    frame.value.setdefault(key, value)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = frame.value, frame.size
        self._add(frame.value, frame.size, _line(event))

    def _expects_key(self) -> bool:
        return (
            bool(self._stack)
            and isinstance(self._stack[-1].value, dict)
            and not self._stack[-1].has_key
        )

    def _add(self, value: Any, size: int, line: int) -> None:
        if not self._stack:
            self._root = value
            return
        frame = self._stack[-1]
        frame.size += size
        if frame.size > MAX_EXPANDED_SIZE:
            raise YAMLError("document contains excessive aliasing", self.index, line)
        if isinstance(frame.value, list):
            frame.value.append(value)
        elif not frame.has_key:
            frame.key, frame.key_line, frame.has_key = value, line, True
        else:
            self._set(frame, frame.value, value)
            frame.has_key = False

    def _set(self, frame: _Frame, mapping: dict[str, Any], value: Any) -> None:
        if frame.key is _MERGE:
            sources = value if isinstance(value, list) else [value]
            if not all(isinstance(source, dict) for source in sources):
                raise YAMLError(
                    "map merge requires map or sequence of maps as the value",
                    self.index,
                    frame.key_line,
                )
            frame.merged.extend(sources)
            return
        try:
            key = _key_text(frame.key)
        except ValueError as error:
            raise YAMLError(str(error), self.index, frame.key_line) from error
        if key in mapping:
            self._strict_errors.append(f'line {frame.key_line}: key "{key}" already set in map')
        mapping[key] = value


_MERGE = object()


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 1


def _scalar(event: yaml.ScalarEvent) -> Any:
    text: str = event.value
    if event.tag is None:
        return _plain_value(text) if event.implicit[0] else text
    if event.tag in ("!", "tag:yaml.org,2002:str") or not event.tag.startswith(
        "tag:yaml.org,2002:"
    ):
        return text
    value = _plain_value(text)
    wanted = event.tag.rpartition(":")[2]
    if wanted == "float" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if wanted in ("int", "bool", "null", "float") and wanted != _json_kind(value):
        raise ValueError(f"cannot decode !!{_json_kind(value)} `{text}` as a !!{wanted}")
    return value if wanted in ("int", "bool", "null", "float") else text


def _json_kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    return "float" if isinstance(value, float) else "str"


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    return "string" if isinstance(value, str) else "number"


class _PlainDumper(_Dumper):  # type: ignore[misc, valid-type]
    """Writes trees, never aliases; quotes what would not be read back as the same text."""

    def ignore_aliases(self, data: Any) -> bool:
        """Shared sub-trees are written out each time."""
        del data
        return True


def _represent_text(dumper: Any, text: str) -> Any:
    style = None
    if "\n" in text and not text.startswith(" ") and " \n" not in text:
        style = "|"
    else:
        try:
            if _plain_value(text) != text:
                style = "'"
        except ValueError:
            style = "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_PlainDumper.add_representer(str, _represent_text)
