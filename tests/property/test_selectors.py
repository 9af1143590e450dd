"""Selectors: what is printed reads back as the same selector, and matches as a plain reading says."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.apimachinery.labels import Requirement, Selector, parse_selector

keys = st.sampled_from(["app", "tier", "in", "example.com/x"])
values = st.sampled_from(["", "web", "db", "notin", "a.b"])
requirements = st.one_of(
    st.builds(Requirement, keys, st.sampled_from(["=", "==", "!="]), st.tuples(values)),
    st.builds(
        lambda key, operator, chosen: Requirement(key, operator, sorted(chosen)),
        keys,
        st.sampled_from(["in", "notin"]),
        st.sets(values, min_size=1),
    ),
    st.builds(Requirement, keys, st.sampled_from(["exists", "!"])),
)
label_sets = st.dictionaries(keys, values)


def plainly_matches(requirement, labels):
    present = requirement.key in labels
    if requirement.operator in ("exists", "!"):
        return present == (requirement.operator == "exists")
    among = present and labels[requirement.key] in requirement.values
    return among == (requirement.operator in ("=", "==", "in"))


@settings(max_examples=150, deadline=None)
@given(st.lists(requirements, max_size=4))
def test_printed_selectors_read_back(wanted):
    """str and parse_selector are inverse."""
    selector = Selector(wanted)

    assert parse_selector(str(selector)) == selector


@settings(max_examples=150, deadline=None)
@given(st.lists(requirements, max_size=4), label_sets)
def test_all_requirements_must_hold(wanted, labels):
    """The quick comparison of equalities changes nothing."""
    assert Selector(wanted).matches(labels) == all(plainly_matches(r, labels) for r in wanted)
