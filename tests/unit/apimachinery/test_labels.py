"""Label selectors: kubectl's forms, matching, printing, refusals."""

from __future__ import annotations

import pytest

from webapp.apimachinery.labels import (
    NOTHING,
    parse_selector,
    selector_from_label_selector,
    selector_from_labels,
)
from webapp.apimachinery.status import BadRequest


@pytest.mark.parametrize(
    ("text", "labels", "selected"),
    [
        ("", {}, True),
        ("app=web", {"app": "web"}, True),
        ("app==web", {"app": "db"}, False),
        ("app!=web", {}, True),
        ("app in (web, db)", {"app": "db"}, True),
        ("app notin (web)", {"app": "web"}, False),
        ("app notin (web)", {}, True),
        ("app", {"app": ""}, True),
        ("!app", {"app": ""}, False),
        ("app=", {"app": ""}, True),
        ("in in (in,notin)", {"in": "notin"}, True),
        ("app in ()", {"app": ""}, True),
        ("x in (a,,b)", {"x": ""}, True),
        ("cores>3,cores<9", {"cores": "5"}, True),
        ("cores>3", {"cores": "many"}, False),
        ("example.com/tier=a,app=web", {"example.com/tier": "a", "app": "web"}, True),
    ],
)
def test_selectors_select_as_kubectl_users_expect(text, labels, selected):
    """Every form of kubectl -l, on labels that are there, missing or empty."""
    assert parse_selector(text).matches(labels) is selected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
        ("a,", "found '', expected: identifier after ','"),
        (",a", "found ',', expected: !, identifier, or 'end of string'"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        (
            "a>x",
            "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators",
        ),
        (
            "-a=b",
            'unable to parse requirement: <nil>: Invalid value: "-a": name part must consist of',
        ),
        (
            "a=b_",
            'unable to parse requirement: values[0][a]: Invalid value: "b_": a valid label must be',
        ),
    ],
)
def test_a_text_that_is_no_selector_is_refused_in_upstreams_words(text, message):
    """The message says what was found and what was expected."""
    with pytest.raises(BadRequest) as refusal:
        parse_selector(text)

    assert refusal.value.message.startswith(message)


def test_selectors_print_sorted_by_key_and_value():
    """The printed form is canonical."""
    assert str(parse_selector("z=1, a in (c,b), !m, k")) == "a in (b,c),k,!m,z=1"


def test_label_selectors_join_labels_and_expressions():
    """All of matchLabels and matchExpressions must hold."""
    selector = selector_from_label_selector(
        {
            "matchLabels": {"app": "web"},
            "matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["db"]}],
        }
    )

    assert selector.matches({"app": "web"})
    assert not selector.matches({"app": "web", "tier": "db"})
    assert selector.exact_value("app") == "web"


def test_a_missing_label_selector_selects_nothing_and_an_empty_one_everything():
    """Upstream tells null and {} apart."""
    assert selector_from_label_selector(None) is NOTHING
    assert not NOTHING.matches({"app": "web"})
    assert selector_from_label_selector({}).selects_everything
    assert selector_from_labels({"a": "b"}).matches({"a": "b", "c": "d"})


def test_an_unknown_operator_is_refused():
    """Expressions know In, NotIn, Exists and DoesNotExist."""
    with pytest.raises(BadRequest, match='"Near" is not a valid label selector operator'):
        selector_from_label_selector({"matchExpressions": [{"key": "a", "operator": "Near"}]})
