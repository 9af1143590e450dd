"""Field selectors."""

from __future__ import annotations

import pytest

from webapp.apimachinery.fields import parse_field_selector, unsupported_field
from webapp.apimachinery.status import BadRequest


def test_all_terms_must_hold():
    """Equal and unequal terms are joined by and."""
    selector = parse_field_selector("status.phase!=Failed,spec.nodeName==n1,metadata.name=web")
    fields = {"metadata.name": "web", "spec.nodeName": "n1", "status.phase": "Running"}

    assert selector.matches(fields.__getitem__)
    assert not selector.matches({**fields, "status.phase": "Failed"}.__getitem__)
    assert selector.exact_value("spec.nodeName") == "n1"
    assert selector.exact_value("status.phase") is None
    assert str(selector) == "metadata.name=web,spec.nodeName=n1,status.phase!=Failed"


def test_a_term_without_operator_is_refused():
    """The message quotes the selector and the term."""
    with pytest.raises(BadRequest, match="invalid selector: 'a=b,c'; can't understand 'c'"):
        parse_field_selector("a=b,c")


def test_unselectable_fields_are_refused_in_the_words_of_their_kind():
    """Kinds with selectable fields of their own say less."""
    pod = unsupported_field("", "v1", "Pod", "spec.x", ("spec.nodeName",))
    config_map = unsupported_field("", "v1", "ConfigMap", "data.x", ())

    assert pod.message == "field label not supported: spec.x"
    assert config_map.message == (
        '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"'
    )
