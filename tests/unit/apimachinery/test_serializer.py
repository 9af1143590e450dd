"""JSON and YAML: strictness, YAML as kubectl reads it, limits."""

from __future__ import annotations

import pytest

from webapp.apimachinery.serializer import (
    YAMLError,
    decode_json,
    decode_json_strict,
    decode_yaml,
    decode_yaml_documents,
    encode_yaml,
)
from webapp.apimachinery.status import BadRequest, RequestEntityTooLarge


def test_strict_json_names_duplicate_fields_by_path():
    """The last value counts; every duplicate is reported once."""
    decoded = decode_json_strict(b'{"spec":{"a":1,"b":[{"c":1,"c":2}],"a":3}}')

    assert decoded.value == {"spec": {"a": 3, "b": [{"c": 2}]}}
    assert decoded.strict_errors == (
        'duplicate field "spec.b[0].c"',
        'duplicate field "spec.a"',
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"hello", "invalid character 'h' looking for beginning of value"),
        (b'{"a":', "unexpected end of JSON input"),
        (b"[" * 400 + b"]" * 400, "exceeded max depth"),
    ],
)
def test_malformed_json_is_refused_in_gos_words(body, message):
    """kubectl shows these texts."""
    with pytest.raises(BadRequest, match=message):
        decode_json(body)


def test_bodies_beyond_the_limit_are_refused_before_they_are_read():
    """JSON and YAML alike."""
    with pytest.raises(RequestEntityTooLarge, match="limit is 3145728"):
        decode_json(b" " * 10_000_000)
    with pytest.raises(RequestEntityTooLarge):
        decode_yaml_documents("a: 1\n" * 2_000_000)


def test_documents_know_their_place_and_empty_ones_are_left_out():
    """Errors and objects can be shown where they stand in the text."""
    documents = decode_yaml_documents("a: 1\n---\n# nothing\n---\nb: 2\n")

    assert [(item.position, item.line, item.value) for item in documents] == [
        (0, 1, {"a": 1}),
        (2, 5, {"b": 2}),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", True),
        ("y", True),
        ("NO", False),
        ("'on'", "on"),
        ("~", None),
        ("0777", 511),
        ("0x1f", 31),
        ("0b11", 3),
        ("1_000", 1000),
        ("089", 89),
        ("1e3", 1000),
        ("1.5", 1.5),
        ("2024-01-01", "2024-01-01"),
        ("12:30", "12:30"),
        ("1.27", 1.27),
        ("!!str 5", "5"),
        ("99999999999999999999", 1e20),
    ],
)
def test_plain_scalars_mean_what_kubectl_takes_them_for(text, value):
    """YAML 1.1 booleans and octal numbers, dates as texts, no sexagesimal numbers."""
    read = decode_yaml(f"key: {text}").value["key"]

    assert read == value
    assert type(read) is type(value)


def test_keys_become_texts():
    """Numbers and booleans as keys are written as JSON must write them."""
    assert decode_yaml("1: a\ntrue: b\n1.5: c").value == {"1": "a", "true": "b", "1.5": "c"}


def test_aliases_share_and_merge_keys_fill_in():
    """Explicit keys win over merged ones, wherever they stand."""
    value = decode_yaml("base: &b {p: 1, q: 2}\ncopy: *b\nmore: {q: 3, <<: *b}").value

    assert value["copy"] is value["base"]
    assert value["more"] == {"p": 1, "q": 3}


@pytest.mark.parametrize(
    ("text", "position", "line", "problem"),
    [
        ("a: 1\n---\nb: c: d\n", 1, 3, "mapping values are not allowed in this context"),
        ("a: *x", 0, 1, "unknown anchor 'x' referenced"),
        ("a: &x [*x]", 0, 1, "anchor 'x' value contains itself"),
        ("a: 1\n---\n- b\n", 1, 3, "cannot unmarshal array into Go value"),
        ("just text", 0, 1, "cannot unmarshal string into Go value"),
        ("a: .inf", 0, 1, "unsupported value"),
        ("? null\n: a", 0, 1, "unsupported map key"),
        ("a: " + "[" * 500, 0, 1, "exceeded max depth"),
        ("a: \x07", 0, 1, "control characters are not allowed"),
    ],
)
def test_yaml_errors_say_document_and_line(text, position, line, problem):
    """A manifest's author finds the fault."""
    with pytest.raises(YAMLError, match=problem) as refusal:
        decode_yaml_documents(text)

    assert (refusal.value.position, refusal.value.line) == (position, line)


def test_an_alias_bomb_is_refused_without_being_built():
    """Ten levels of ten aliases would be ten billion nodes."""
    levels = [
        f"a{level}: &a{level} [{','.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 11)
    ]

    with pytest.raises(YAMLError, match="document contains excessive aliasing"):
        decode_yaml_documents("\n".join(["a0: &a0 [x]", *levels]))


def test_duplicate_yaml_keys_are_strict_errors():
    """The last one counts, as in JSON."""
    document = decode_yaml("a: 1\nb: 2\na: 3")

    assert document.value == {"a": 3, "b": 2}
    assert document.strict_errors == ('line 3: key "a" already set in map',)


def test_an_apply_patch_holds_one_document():
    """JSON bodies pass, several documents do not."""
    assert decode_yaml(b'{"a": 1}').value == {"a": 1}
    assert decode_yaml(b"{a: 1}").value == {"a": 1}
    with pytest.raises(BadRequest, match="expected one YAML document, found 2"):
        decode_yaml("a: 1\n---\nb: 2")


def test_written_yaml_reads_back_as_the_same_tree():
    """Texts that look like something else are quoted; shared trees are written out."""
    shared = {"n": "y", "e": "1e3", "o": "0777", "m": "line 1\nline 2\n", "u": "", "z": "null"}
    tree = {"b": shared, "a": [shared, 1, None, True, 1.5, "on"]}

    text = encode_yaml(tree)

    assert decode_yaml(text).value == tree
    assert "&" not in text
    assert text.startswith("a:\n- e: '1e3'\n")
