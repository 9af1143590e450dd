"""Which processes see one another: one container's, a whole Pod's, or a container's and its debugger's.

Numbers are given out here; :class:`~webapp.cri.programs.userland.Userland` enters its commands. When
process 1 ends, the kernel ends all others.

Models:
    linux/kernel/pid_namespace.c zap_pid_ns_processes
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cri.programs.files.nodes import Directory, File
from webapp.cri.programs.files.permissions import User

if TYPE_CHECKING:
    from webapp.cri.programs.userland import Invocation

_PAUSE_USER = User(65535, 65535)
_DEFAULT_CAPABILITIES = 0xA80425FB
_ALL_CAPABILITIES = 0x1FFFFFFFFFF
_CAPABILITIES = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
]


class ProcessNamespace:
    """Processes by number.

    Attributes:
        visible: PID → process, in order of starting.
        shared: Whether it is a whole Pod's, in which the sandbox is process 1.
    """

    __slots__ = ("_next_pid", "shared", "visible")

    def __init__(self, *, shared: bool = False) -> None:
        self.visible: dict[int, Invocation] = {}
        self.shared = shared
        self._next_pid = 1

    def next_pid(self) -> int:
        """The number for a new process; 1 is the sandbox's in a shared namespace."""
        if self.shared and self._next_pid == 1:
            self._next_pid = 7
        number = self._next_pid
        self._next_pid += 1
        return number

    def enter(self, invocation: Invocation) -> None:
        """A process has begun."""
        if self.shared and 1 not in self.visible:
            self.visible[1] = _pause(invocation)
        self.visible[invocation.pid] = invocation

    def leave(self, invocation: Invocation) -> None:
        """A process has ended; with the first one all end."""
        if self.visible.get(invocation.pid) is not invocation:
            return
        del self.visible[invocation.pid]
        if invocation.pid == 1:
            for other in list(self.visible.values()):
                if other.userland is not invocation.userland:
                    other.userland.kill(other, 9)

    def take_back(self, invocation: Invocation) -> None:
        """A process never ran: its number is free again."""
        self.visible.pop(invocation.pid, None)
        self._next_pid = min(self._next_pid, invocation.pid)

    def fill_proc(self, directory: Directory) -> None:
        """Bring the processes' directories in ``/proc`` up to date."""
        wanted = {str(pid): invocation for pid, invocation in self.visible.items()}
        for name in [name for name in directory.entries if name.isdigit() and name != "1"]:
            if name not in wanted:
                del directory.entries[name]
        for name, invocation in wanted.items():
            held = directory.entries.get(name)
            if not isinstance(held, Directory) or held.shared:
                entries = dict(held.entries) if isinstance(held, Directory) else {}
                held = directory.entries[name] = Directory(entries, 0o555)
            argv = "\0".join((*invocation.argv, ""))
            env = "".join(f"{key}={value}\0" for key, value in invocation.env.items())
            held.entries["cmdline"] = _text(argv)
            held.entries["comm"] = _text(f"{invocation.name[:15]}\n")
            held.entries["environ"] = _text(env, 0o400)
            held.entries["status"] = _text(_status(invocation))
            held.entries["root"] = invocation.userland.files.root


def capability_mask(add: tuple[str, ...], drop: tuple[str, ...], *, privileged: bool) -> int:
    """The bits of a container's capabilities, beginning with containerd's fourteen."""
    mask = _ALL_CAPABILITIES if privileged or "ALL" in add else _DEFAULT_CAPABILITIES
    if "ALL" in drop:
        mask = 0
    for name in drop:
        if name.removeprefix("CAP_") in _CAPABILITIES:
            mask &= ~(1 << _CAPABILITIES.index(name.removeprefix("CAP_")))
    for name in add:
        if name.removeprefix("CAP_") in _CAPABILITIES:
            mask |= 1 << _CAPABILITIES.index(name.removeprefix("CAP_"))
    return mask


def _status(invocation: Invocation) -> str:
    user, mask = invocation.user, invocation.userland.capabilities
    effective = mask if user.uid == 0 else 0
    groups = " ".join(str(group) for group in sorted({user.gid, *user.groups}))
    lines = (
        f"Name:\t{invocation.name}",
        "Umask:\t0022",
        f"State:\t{'T (stopped)' if invocation.stopped else 'S (sleeping)'}",
        f"Tgid:\t{invocation.pid}",
        f"Pid:\t{invocation.pid}",
        f"PPid:\t{invocation.parent_pid}",
        "Uid:" + f"\t{user.uid}" * 4,
        "Gid:" + f"\t{user.gid}" * 4,
        f"Groups:\t{groups} ",
        f"VmRSS:\t{invocation.memory_bytes // 1024:8d} kB",
        "Threads:\t1",
        "CapInh:\t0000000000000000",
        f"CapPrm:\t{effective:016x}",
        f"CapEff:\t{effective:016x}",
        f"CapBnd:\t{mask:016x}",
        "CapAmb:\t0000000000000000",
        "NoNewPrivs:\t0",
        "Seccomp:\t0",
    )
    return "\n".join(lines) + "\n"


def _text(text: str, mode: int = 0o444) -> File:
    return File(text.encode(errors="surrogateescape"), mode)


def _pause(beside: Invocation) -> Invocation:
    """The sandbox's own process, which only waits."""
    pause = type(beside)(beside.userland, 1, 0, ["/pause"], {}, "/", {})
    pause.user = _PAUSE_USER
    pause.on_signal = lambda _: True
    return pause
