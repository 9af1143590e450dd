"""The versioned store against the simplest thing that could be right: a list of all versions."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from webapp.etcd.errors import CompactedError, FutureRevisionError
from webapp.etcd.mvcc import Store

BUCKETS = ("/registry/nodes", "/registry/pods")
NAMES = ("a", "a/x", "a/y", "b/x", "b/y/z", "c")
PREFIXES = ("", "a/", "b/", "nope/")


class StoreMachine(RuleBasedStateMachine):
    """Puts, deletes, compactions and reads at any revision."""

    def __init__(self):
        super().__init__()
        self.store = Store()
        self.heard = []
        self.store.on_change(self.heard.append)
        # Revision → everything there was: {(bucket, name): (value, create revision, mod revision)}.
        self.worlds = {1: {}}
        self.revision = 1
        self.compacted = 0
        self.log = []

    @rule(bucket=st.sampled_from(BUCKETS), name=st.sampled_from(NAMES), value=st.integers())
    def put(self, bucket, name, value):
        """A put is the next revision."""
        world = dict(self.worlds[self.revision])
        before = world.get((bucket, name))
        self.revision += 1
        created = before[1] if before else self.revision
        world[bucket, name] = (value, created, self.revision)
        self.worlds[self.revision] = world
        self.log.append((self.revision, bucket, name, value, before[0] if before else None, False))

        assert self.store.put(bucket, name, value) == self.revision

    @rule(bucket=st.sampled_from(BUCKETS), name=st.sampled_from(NAMES))
    def delete(self, bucket, name):
        """A delete is the next revision; of a missing key it is none."""
        world = dict(self.worlds[self.revision])
        before = world.pop((bucket, name), None)
        if before is None:
            with pytest.raises(KeyError):
                self.store.delete(bucket, name)
            return
        self.revision += 1
        self.worlds[self.revision] = world
        self.log.append((self.revision, bucket, name, before[0], before[0], True))

        assert self.store.delete(bucket, name) == self.revision

    @rule(data=st.data())
    def compact(self, data):
        """Compaction forgets history and nothing else."""
        revision = data.draw(st.integers(0, self.revision + 2))
        if revision > self.revision:
            with pytest.raises(FutureRevisionError):
                self.store.compact(revision)
            return
        self.store.compact(revision)
        self.compacted = max(self.compacted, revision)

    @rule(
        bucket=st.sampled_from(BUCKETS),
        prefix=st.sampled_from(PREFIXES),
        start=st.sampled_from(("", *NAMES)),
    )
    def range(self, bucket, prefix, start):
        """Live keys come sorted, from a start on, below a prefix."""
        expected = [
            (name, *version)
            for (held, name), version in sorted(self.worlds[self.revision].items())
            if held == bucket and name.startswith(prefix) and name >= start
        ]

        assert [tuple(version) for version in self.store.range(bucket, prefix, start)] == expected

    @rule(bucket=st.sampled_from(BUCKETS), prefix=st.sampled_from(PREFIXES), data=st.data())
    def range_at(self, bucket, prefix, data):
        """The past is as it was, unless it is compacted or yet to come."""
        revision = data.draw(st.integers(1, self.revision + 1))
        if revision < self.compacted:
            with pytest.raises(CompactedError):
                list(self.store.range_at(bucket, revision, prefix))
            return
        if revision > self.revision:
            with pytest.raises(FutureRevisionError):
                list(self.store.range_at(bucket, revision, prefix))
            return
        expected = [
            (name, version[0])
            for (held, name), version in sorted(self.worlds[revision].items())
            if held == bucket and name.startswith(prefix)
        ]

        found = [
            (version.name, version.value)
            for version in self.store.range_at(bucket, revision, prefix)
        ]
        assert found == expected

    @rule(bucket=st.sampled_from(BUCKETS), name=st.sampled_from(NAMES), data=st.data())
    def get_at(self, bucket, name, data):
        """One key as it was."""
        revision = data.draw(st.integers(max(1, self.compacted), self.revision))
        expected = self.worlds[revision].get((bucket, name))

        found = self.store.get_at(bucket, name, revision)

        assert (found.value if found else None) == (expected[0] if expected else None)

    @rule(data=st.data())
    def watch_from(self, data):
        """The log holds every change after a revision, in order, from the compaction on."""
        revision = data.draw(st.integers(0, self.revision))
        if revision < self.compacted:
            with pytest.raises(CompactedError):
                self.store.changes_since(revision)
            return

        changes = [tuple(change) for change in self.store.changes_since(revision)]

        assert changes == [entry for entry in self.log if entry[0] > revision]

    @precondition(lambda self: self.log)
    @invariant()
    def listeners_hear_every_change_once_and_in_order(self):
        """A listener's list is the log."""
        assert [tuple(change) for change in self.heard] == self.log

    @invariant()
    def revisions_agree(self):
        """One counter, one compaction mark."""
        assert self.store.revision == self.revision
        assert self.store.compacted == self.compacted

    @invariant()
    def live_keys_agree(self):
        """Names are those of the newest world."""
        for bucket in BUCKETS:
            expected = sorted(name for held, name in self.worlds[self.revision] if held == bucket)
            assert self.store.names(bucket) == expected


StoreMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_store_agrees_with_the_list_of_versions = StoreMachine.TestCase
