"""What images bring: directories and programs, by the kind of userland they have.

Trees are built once and shared by all containers; a container copies what it changes.
"""

from __future__ import annotations

from functools import lru_cache

from webapp.cri.programs.files.nodes import Device, Directory, File, Symlink

BUSYBOX = "busybox"
ALPINE = "alpine"
DEBIAN = "debian"
FULL = "full"
NONE = "none"

_BASE = [
    "[",
    "arch",
    "awk",
    "base64",
    "basename",
    "cat",
    "chgrp",
    "chmod",
    "chown",
    "cp",
    "cut",
    "date",
    "dd",
    "df",
    "dirname",
    "du",
    "echo",
    "env",
    "expr",
    "false",
    "head",
    "id",
    "ln",
    "ls",
    "md5sum",
    "mkdir",
    "mktemp",
    "mv",
    "nice",
    "nl",
    "nohup",
    "nproc",
    "printenv",
    "printf",
    "pwd",
    "readlink",
    "realpath",
    "rm",
    "rmdir",
    "seq",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "sleep",
    "sort",
    "stat",
    "stdbuf",
    "sync",
    "tac",
    "tail",
    "tar",
    "tee",
    "test",
    "timeout",
    "touch",
    "tr",
    "true",
    "truncate",
    "tty",
    "uname",
    "uniq",
    "wc",
    "whoami",
    "yes",
    "egrep",
    "fgrep",
    "find",
    "grep",
    "sed",
    "xargs",
    "which",
    "hostname",
    "fallocate",
    "setsid",
]
_BUSYBOX_ONLY = [
    "ash",
    "clear",
    "free",
    "hexdump",
    "ifconfig",
    "ip",
    "kill",
    "killall",
    "nc",
    "nslookup",
    "pgrep",
    "pidof",
    "ping",
    "pkill",
    "ps",
    "rev",
    "sh",
    "time",
    "uptime",
    "usleep",
    "vi",
    "wget",
    "xxd",
]
_NETWORK = ["curl", "dig", "ifconfig", "ip", "nc", "nslookup", "ping", "wget"]
_PROCESSES = [
    "bash",
    "clear",
    "free",
    "kill",
    "killall",
    "pgrep",
    "pidof",
    "pkill",
    "ps",
    "time",
    "uptime",
    "rev",
    "hexdump",
    "xxd",
]
_COMMANDS = {
    BUSYBOX: (*_BASE, *_BUSYBOX_ONLY, "httpd"),
    ALPINE: (*_BASE, *_BUSYBOX_ONLY, "apk"),
    DEBIAN: (
        *_BASE,
        "apt",
        "apt-get",
        "bash",
        "clear",
        "dash",
        "kill",
        "perl",
        "rev",
        "sh",
        "uptime",
    ),
    FULL: (*_BASE, *_NETWORK, *_PROCESSES, "ash", "dash", "sh", "stress", "stress-ng"),
    NONE: (),
}
_PASSWD = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n"
_DIRECTORIES = [
    "bin",
    "dev",
    "dev/pts",
    "dev/shm",
    "etc",
    "home",
    "proc",
    "proc/1",
    "proc/1/fd",
    "proc/self",
    "proc/self/fd",
    "root",
    "run",
    "sbin",
    "sys",
    "tmp",
    "usr",
    "usr/bin",
    "usr/local",
    "usr/local/bin",
    "usr/sbin",
    "usr/share",
    "var",
    "var/log",
    "var/run",
    "var/tmp",
    "var/lib",
    "mnt",
    "opt",
    "srv",
]
_MODES = {"dev/shm": 0o1777, "root": 0o700, "tmp": 0o1777, "var/tmp": 0o1777}
_OS_RELEASE = {
    ALPINE: b'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.22.2\nPRETTY_NAME="Alpine Linux v3.22"\n',
    DEBIAN: b'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\nVERSION_ID="13"\nID=debian\n',
}
_PROC = {
    "proc/cpuinfo": b"processor\t: 0\nmodel name\t: Podarium virtual CPU\n",
    "proc/loadavg": b"0.00 0.00 0.00 1/100 1\n",
    "proc/meminfo": b"MemTotal:        8388608 kB\nMemFree:         7340032 kB\nMemAvailable:    7340032 kB\n",
    "proc/uptime": b"86400.00 86400.00\n",
    "proc/version": b"Linux version 6.8.0-podarium\n",
}


@lru_cache(maxsize=256)
def image_tree(
    kind: str, programs: tuple[str, ...] = (), pages: tuple[tuple[str, bytes], ...] = ()
) -> Directory:
    """An image's file system.

    Args:
        kind: Which userland it has.
        programs: Further commands in ``/usr/local/bin``.
        pages: Path without leading slash and content of further files.

    Returns:
        A shared tree.
    """
    root = Directory(shared=True)
    for path in _DIRECTORIES if kind != NONE else ("dev", "etc", "proc", "sys", "tmp"):
        _directory(root, path)
    for path, mode in _MODES.items():
        _directory(root, path).mode = mode
    if kind != NONE:
        _add_texts(root, kind)
    _add_devices(root)
    # As on merged systems, /bin and /usr/bin hold the same.
    for name in _COMMANDS[kind]:
        _add_command(root, "bin", name)
    for name in programs:
        _add_command(root, "usr/local/bin", name)
    for path, data in pages:
        _add_file(root, path, data)
    return root


def _directory(root: Directory, path: str) -> Directory:
    here = root
    for name in path.split("/"):
        found = here.entries.get(name)
        if not isinstance(found, Directory):
            found = here.entries[name] = Directory(shared=True)
        here = found
    return here


def _add_file(
    root: Directory, path: str, data: bytes, mode: int = 0o644, command: str = ""
) -> None:
    around, _, name = path.rpartition("/")
    place = _directory(root, around) if around else root
    place.entries[name] = File(data, mode, command=command, shared=True)


def _add_command(root: Directory, directory: str, name: str) -> None:
    command = "sh" if name in ("ash", "bash", "dash") else name
    _add_file(root, f"{directory}/{name}", b"\x7fELF", 0o755, command)


def _add_texts(root: Directory, kind: str) -> None:
    _add_file(root, "etc/passwd", _PASSWD)
    _add_file(root, "etc/group", b"root:x:0:\nnogroup:x:65534:\n")
    if kind != BUSYBOX:
        _add_file(root, "etc/os-release", _OS_RELEASE.get(kind, _OS_RELEASE[DEBIAN]))
    for path, data in _PROC.items():
        _add_file(root, path, data, 0o444)


def _add_devices(root: Directory) -> None:
    devices = _directory(root, "dev").entries
    for name in ("full", "null", "tty", "zero"):
        devices[name] = Device(name)
    devices["random"] = devices["urandom"] = Device("random")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        devices[name] = Device(f"fd/{number}")
    devices["fd"] = Symlink("/proc/self/fd")
    own, first = _directory(root, "proc/self/fd").entries, _directory(root, "proc/1/fd").entries
    for number in range(3):
        own[str(number)] = Device(f"fd/{number}")
        first[str(number)] = Device(f"1/fd/{number}")
