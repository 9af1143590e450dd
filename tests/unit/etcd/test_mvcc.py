"""The versioned store: one counter, history, reads in the past, compaction."""

import pytest

from webapp.etcd.errors import CompactedError, FutureRevisionError
from webapp.etcd.mvcc import Store


@pytest.fixture
def store():
    """A store whose key ``a`` has three versions and whose key ``b`` was deleted."""
    store = Store()
    store.put("/pods", "a", 1)
    store.put("/pods", "b", 2)
    store.put("/pods", "a", 3)
    store.delete("/pods", "b")
    store.put("/pods", "a", 5)
    return store


def test_every_write_is_one_revision(store):
    """Puts and deletes count alike, from revision 1 of an empty store."""
    assert store.revision == 6


def test_a_key_remembers_when_it_began_and_when_it_was_last_written(store):
    """Create and modification revision, as etcd has them."""
    held = store.get("/pods", "a")

    assert (held.value, held.create_revision, held.mod_revision) == (5, 2, 6)


@pytest.mark.parametrize(
    ("revision", "expected"),
    [
        (1, {}),
        (2, {"a": 1}),
        (3, {"a": 1, "b": 2}),
        (4, {"a": 3, "b": 2}),
        (5, {"a": 3}),
        (6, {"a": 5}),
    ],
)
def test_the_past_reads_as_it_was(store, revision, expected):
    """Each kept revision shows its own world."""
    assert {held.name: held.value for held in store.range_at("/pods", revision)} == expected


def test_ranges_come_in_key_order_and_stop_at_the_prefix(store):
    """Lists are sorted, whatever the order of writing."""
    for name in ("ns2/x", "ns1/z", "ns1/a"):
        store.put("/pods", name, name)

    assert [held.name for held in store.range("/pods", "ns1/")] == ["ns1/a", "ns1/z"]
    assert [held.name for held in store.range("/pods", "", "ns1/b")] == ["ns1/z", "ns2/x"]


def test_changes_since_a_revision_come_in_order(store):
    """A watch from a revision sees each later one once."""
    assert [
        (change.revision, change.name, change.deleted) for change in store.changes_since(3)
    ] == [
        (4, "a", False),
        (5, "b", True),
        (6, "a", False),
    ]


def test_compaction_forgets_the_past_and_keeps_the_present(store):
    """Older revisions are refused; newer ones and live values stay."""
    store.compact(4)

    with pytest.raises(CompactedError):
        list(store.range_at("/pods", 3))
    with pytest.raises(CompactedError):
        store.changes_since(3)
    assert {held.name: held.value for held in store.range_at("/pods", 4)} == {"a": 3, "b": 2}
    assert {held.name: held.value for held in store.range_at("/pods", 5)} == {"a": 3}
    assert store.get("/pods", "a").value == 5


def test_the_future_cannot_be_read(store):
    """A revision not yet written is refused."""
    with pytest.raises(FutureRevisionError):
        list(store.range_at("/pods", 7))


def test_deleting_a_missing_key_is_an_error(store):
    """The caller must know what is there."""
    with pytest.raises(KeyError):
        store.delete("/pods", "b")
