"""The fan-out: who is asked about a change, and that nothing is lost or doubled."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.apiserver.harness import CONFIG_MAPS, PODS, Api, make_config_map
from webapp.apiserver.selection import Selection
from webapp.sim.loop import Simulation

OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(("put", "delete")),
        st.sampled_from("abc"),
        st.sampled_from(("front", "back", "")),
    ),
    max_size=30,
)


def test_a_change_asks_only_watchers_it_may_concern(api, monkeypatch):
    """A thousand kubelets on other Nodes cost a Pod's change nothing."""
    for number in range(1000):
        api.watch("/api/v1/pods", f"fieldSelector=spec.nodeName=n{number}&resourceVersion=1")
    asked = []
    matches = Selection.matches
    monkeypatch.setattr(
        Selection, "matches", lambda self, obj: asked.append(self) or matches(self, obj)
    )

    api.pod("web", nodeName="n7")

    assert len(asked) == 1
    assert asked[0].fields.exact_value("spec.nodeName") == "n7"


def test_moving_between_indexes_is_heard_on_both_sides(api):
    """A Pod that gets a Node leaves the watchers of unscheduled Pods."""
    unscheduled = api.watch(PODS, "fieldSelector=spec.nodeName=&resourceVersion=1")
    scheduled = api.watch(PODS, "fieldSelector=spec.nodeName!=&resourceVersion=1")
    api.pod()
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": "web"},
        "target": {"name": "n1"},
    }
    api.post(f"{PODS}/web/binding", binding)

    assert [type_ for type_, _ in unscheduled] == ["ADDED", "DELETED"]
    assert [type_ for type_, _ in scheduled] == ["ADDED"]


@given(OPERATIONS, st.integers(0, 30))
@settings(max_examples=60, deadline=None)
def test_a_list_equals_the_sum_of_the_watch(operations, late):
    """List plus watch gives what a new list gives, for a selector, whenever the watch begins."""
    api = Api(Simulation(1_790_000_000_000))
    known = {}
    seen = None
    for position, (operation, name, tier) in enumerate(operations):
        if position == late:
            listed = api.get(CONFIG_MAPS, "labelSelector=tier=front")
            known = {item["metadata"]["name"]: item for item in listed["items"]}
            version = listed["metadata"]["resourceVersion"]
        if position == late + 2:
            seen = api.watch(CONFIG_MAPS, f"labelSelector=tier=front&resourceVersion={version}")
        path = f"{CONFIG_MAPS}/{name}"
        exists = api.send("GET", path).status_code == 200
        if operation == "delete":
            if exists:
                api.delete(path)
        elif exists:
            api.patch(path, {"metadata": {"labels": {"tier": tier}}})
        else:
            api.post(CONFIG_MAPS, make_config_map(name, labels={"tier": tier}))
    if seen is None:
        return

    revisions = []
    for type_, obj in seen:
        revisions.append(int(obj["metadata"]["resourceVersion"]))
        if type_ == "DELETED":
            del known[obj["metadata"]["name"]]
        else:
            assert (type_ == "ADDED") == (obj["metadata"]["name"] not in known)
            known[obj["metadata"]["name"]] = obj

    now = api.get(CONFIG_MAPS, "labelSelector=tier=front")["items"]
    assert [known[name] for name in sorted(known)] == now
    assert revisions == sorted(set(revisions))
