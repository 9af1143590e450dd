"""The journal keeps what was committed, and explains itself in one line when it cannot be used."""

from __future__ import annotations

import sqlite3

import pytest

from webapp.apimachinery.wire import Request, UserInfo
from webapp.driver.inbox import Stamp
from webapp.driver.journal import FILE_NAME, PAUSE, REQUEST, Journal, JournalEntry, JournalError

REQUEST_ENTRY = JournalEntry(
    Stamp(1_000_050, 12, 1),
    REQUEST,
    Request(
        "POST",
        "/api/v1/namespaces/default/pods",
        {"fieldManager": ["kubectl"]},
        {"content-type": "application/json"},
        b'{"kind":"Pod"}\xff',
        UserInfo("ada", ("dev",)),
        "kubectl",
    ),
    4,
)


def test_committed_commands_and_progress_are_read_back(tmp_path, genesis):
    """What was committed comes back as it was, bytes included."""
    pause = JournalEntry(Stamp(1_000_060, 14, 2), PAUSE, None, 5)
    journal = Journal.create(tmp_path, genesis)
    journal.add(REQUEST_ENTRY)
    journal.add(pause)
    journal.commit(1_000_070, 20)
    journal.close()

    again = Journal.open(tmp_path)

    assert again.genesis == genesis
    assert list(again.commands()) == [REQUEST_ENTRY, pause]
    assert again.progress == (1_000_070, 20)
    again.close()


def test_uncommitted_commands_are_not_there_after_a_crash(tmp_path, genesis):
    """Only a commit makes a command durable."""
    journal = Journal.create(tmp_path, genesis)
    journal.add(REQUEST_ENTRY)
    journal.close()

    again = Journal.open(tmp_path)

    assert list(again.commands()) == []
    again.close()


def test_second_opener_is_told_that_the_journal_is_in_use(tmp_path, genesis):
    """Two processes never share a journal."""
    journal = Journal.create(tmp_path, genesis)

    with pytest.raises(JournalError, match="is in use by another podarium process"):
        Journal.open(tmp_path)
    journal.close()


def test_text_file_is_no_journal(tmp_path):
    """A file that is no SQLite file is called so."""
    (tmp_path / FILE_NAME).write_text("apiVersion: v1\n" * 100)

    with pytest.raises(JournalError, match="not an SQLite file"):
        Journal.open(tmp_path)


def test_foreign_database_is_refused(tmp_path):
    """An SQLite file of another program is left alone."""
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("CREATE TABLE other (id INTEGER)")
    connection.commit()
    connection.close()

    with pytest.raises(JournalError, match="was not made by podarium"):
        Journal.open(tmp_path)


def test_later_format_is_named(tmp_path, genesis):
    """A journal of a later version says which format it has."""
    Journal.create(tmp_path, genesis).close()
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("PRAGMA user_version = 9")
    connection.close()

    with pytest.raises(JournalError, match="journal format 9"):
        Journal.open(tmp_path)


def test_damaged_file_is_called_damaged(tmp_path, genesis):
    """Bytes overwritten in the middle of the file are found when it is opened."""
    journal = Journal.create(tmp_path, genesis)
    for number in range(1, 400):
        entry = REQUEST_ENTRY._replace(stamp=Stamp(1_000_000 + number, number, number))
        journal.add(entry)
    journal.commit(1_000_500, 400)
    journal.close()
    path = tmp_path / FILE_NAME
    data = bytearray(path.read_bytes())
    data[4096 * 3 : 4096 * 6] = b"\x5a" * 4096 * 3
    path.write_bytes(data)

    with pytest.raises(JournalError, match="is damaged"):
        Journal.open(tmp_path)


def test_downloaded_journal_opens_as_a_journal(tmp_path, genesis):
    """The bytes offered for download are a journal of their own."""
    journal = Journal.create(tmp_path / "first", genesis)
    journal.add(REQUEST_ENTRY)
    journal.commit(1_000_070, 20)
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / FILE_NAME).write_bytes(journal.as_bytes())
    journal.close()

    copy = Journal.open(tmp_path / "second")

    assert list(copy.commands()) == [REQUEST_ENTRY]
    copy.close()
