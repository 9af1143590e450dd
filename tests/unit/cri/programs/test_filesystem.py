"""The in-memory file system: shared trees, mounts, room."""

from __future__ import annotations

import pytest

from tests.unit.cri.programs.conftest import Box
from webapp.cri.programs.files.filesystem import FileSystem, Mount
from webapp.cri.programs.files.nodes import Directory, File, FileError, Quota
from webapp.cri.programs.files.skeleton import BUSYBOX, image_tree
from webapp.sim.clock import SimClock


def make_files(mounts: dict[str, Mount] | None = None, quota: Quota | None = None) -> FileSystem:
    return FileSystem(image_tree(BUSYBOX), mounts or {}, SimClock(0), quota=quota)


def volume(**files: bytes) -> Directory:
    return Directory({name: File(data) for name, data in files.items()})


def test_containers_of_one_image_do_not_see_each_others_changes() -> None:
    """The shared tree is copied on the way to what changes."""
    one, other = make_files(), make_files()

    one.write("/etc/passwd", b"changed")
    one.write("/tmp/new", b"x")

    assert other.read("/etc/passwd").startswith(b"root:")
    assert not other.exists("/tmp/new")
    assert not make_files().exists("/tmp/new")


def test_a_mounted_volume_is_shared() -> None:
    """Whoever mounts it sees the same files, at its own path."""
    shared, quota = Directory(), Quota()
    one = make_files({"/a": Mount(shared, read_only=False, quota=quota)})
    other = make_files({"/deep/b": Mount(shared, read_only=True, quota=quota)})

    one.write("/a/f", b"hello")

    assert other.read("/deep/b/f") == b"hello"
    with pytest.raises(FileError, match="Read-only file system"):
        other.write("/deep/b/f", b"no")


def test_mounts_may_lie_inside_one_another_and_be_single_files() -> None:
    """subPath mounts one key of a ConfigMap into a directory of the image."""
    quota = Quota()
    files = make_files(
        {
            "/etc/app.conf": Mount(File(b"x=1"), read_only=True, quota=quota),
            "/data": Mount(volume(a=b"1"), read_only=False, quota=quota),
            "/data/inner": Mount(volume(b=b"2"), read_only=False, quota=quota),
        }
    )

    assert files.read("/etc/app.conf") == b"x=1"
    assert (files.read("/data/a"), files.read("/data/inner/b")) == (b"1", b"2")
    assert "passwd" in files.names("/etc")
    with pytest.raises(FileError, match="Device or resource busy"):
        files.remove("/data", recursive=True)


def test_room_is_counted_and_given_back() -> None:
    """A volume of 100 bytes takes 100 bytes."""
    files = make_files(quota=Quota(limit_bytes=100))

    files.write("/f", b"x" * 80)
    with pytest.raises(FileError, match="No space left on device"):
        files.write("/g", b"y" * 30)
    files.remove("/f")
    files.write("/g", b"y" * 90)

    assert files.quota.used_bytes == 90


def test_a_volume_in_memory_is_full_at_its_limit() -> None:
    """dd stops where tmpfs would."""
    mount = Mount(Directory(), read_only=False, quota=Quota(limit_bytes=1 << 20))
    box = Box(mounts={"/cache": mount})

    output, code = box.sh("dd if=/dev/zero of=/cache/f bs=1M count=2")

    assert (code, "No space left on device" in output) == (1, True)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/nosuch/f", "No such file or directory"),
        ("/etc/passwd/f", "Not a directory"),
        ("/etc", "Is a directory"),
    ],
)
def test_writing_fails_for_the_usual_reasons(path: str, reason: str) -> None:
    """In a C library's words."""
    with pytest.raises(FileError, match=reason):
        make_files().write(path, b"x")
