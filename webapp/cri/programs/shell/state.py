"""What a shell remembers: variables, functions, options, traps, jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from webapp.cri.programs.shell.syntax import Node
    from webapp.cri.programs.userland import Invocation, Wait
    from webapp.sim.task import Waiter

LONGEST_VALUE = 1 << 18
MOST_MEMORY = 4 << 20
EXIT_TRAP = 0


class ShellFailure(Exception):
    """Something a shell does not survive: the message, and the exit code."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class ExitShell(Exception):
    """``exit``."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class ReturnFunction(Exception):
    """``return``."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class LeaveLoop(Exception):
    """``break`` and ``continue``.

    Attributes:
        levels: Loops that are still to be left.
        again: Whether the last of them goes on with its next round.
    """

    def __init__(self, levels: int, *, again: bool) -> None:
        super().__init__(levels)
        self.levels = levels
        self.again = again


class ShellState:
    """One shell's memory.

    Attributes:
        invocation: The running shell.
        name: ``$0``.
        is_bash: Whether bash's extras are on.
        variables: Name → value.
        arrays: Name → values.
        exported: Names that commands get to see, in order.
        readonly: Names that may not change.
        functions: Name → body.
        aliases: Name → text.
        positional: ``$1`` and so on.
        options: Letters that ``set`` turned on, and ``pipefail``.
        traps: Signal → text; 0 for the end.
        pending: Signals that came and are not yet handled.
        status: ``$?``.
        jobs: Commands in the background, oldest first.
        last_job_pid: ``$!``; 0 before the first.
        scopes: For each running function what its local names held before.
        conditions: How many conditions are being tried, in which failures are no failures.
        loops: How many loops are running.
        depth: How deep commands are inside one another.
        line: Of the script.
        interactive: Whether a person types.
        waiting: What ``wait`` waits for.
        run_text: Runs a text as part of this shell; set by the interpreter.
    """

    __slots__ = (
        "aliases",
        "arrays",
        "conditions",
        "depth",
        "exported",
        "functions",
        "interactive",
        "invocation",
        "is_bash",
        "jobs",
        "last_job_pid",
        "line",
        "loops",
        "name",
        "options",
        "pending",
        "positional",
        "readonly",
        "run_text",
        "scopes",
        "status",
        "traps",
        "used_bytes",
        "variables",
        "waiting",
    )

    def __init__(self, invocation: Invocation, name: str, positional: list[str]) -> None:
        self.invocation = invocation
        self.name = name
        self.is_bash = invocation.name.lstrip("-") == "bash"
        self.variables: dict[str, str] = dict(invocation.env)
        self.arrays: dict[str, list[str]] = {}
        self.exported: dict[str, None] = dict.fromkeys(invocation.env)
        self.readonly: dict[str, None] = {}
        self.functions: dict[str, Node] = {}
        self.aliases: dict[str, str] = {}
        self.positional = positional
        self.options: dict[str, None] = {}
        self.traps: dict[int, str] = {}
        self.pending: list[int] = []
        self.status = 0
        self.jobs: list[Invocation] = []
        self.last_job_pid = 0
        self.scopes: list[dict[str, str | None]] = []
        self.conditions = 0
        self.loops = 0
        self.depth = 0
        self.line = 1
        self.interactive = False
        self.waiting: Waiter | None = None
        self.used_bytes = 0
        self.run_text: Callable[[str], Generator[Wait, Any, None]]

    # Variables

    def get(self, name: str) -> str | None:
        """A variable's value, or ``None``."""
        value = self.variables.get(name)
        if value is None and name in self.arrays:
            items = self.arrays[name]
            return items[0] if items else None
        return value

    def assign(self, name: str, value: str) -> None:
        """Set a variable.

        Raises:
            ShellFailure: It may not change, or there is no room.
        """
        if name in self.readonly:
            raise ShellFailure(f"{name}: is read only")
        self.used_bytes += len(value) - len(self.variables.get(name, ""))
        if len(value) > LONGEST_VALUE or self.used_bytes > MOST_MEMORY:
            raise ShellFailure("out of memory: larger variables are not modelled by Podarium")
        self.arrays.pop(name, None)
        self.variables[name] = value
        if "a" in self.options:
            self.exported[name] = None

    def unset(self, name: str) -> None:
        """Forget a variable.

        Raises:
            ShellFailure: It may not change.
        """
        if name in self.readonly:
            raise ShellFailure(f"{name}: is read only")
        self.variables.pop(name, None)
        self.arrays.pop(name, None)
        self.exported.pop(name, None)

    def make_local(self, name: str) -> None:
        """Let the present function have a variable of its own, with the value that it has now."""
        if self.scopes and name not in self.scopes[-1]:
            self.scopes[-1][name] = self.variables.get(name)

    def leave_scope(self) -> None:
        """The function ends: its local names get their former values."""
        for name, value in self.scopes.pop().items():
            if value is None:
                self.variables.pop(name, None)
            else:
                self.variables[name] = value

    def environment(self) -> dict[str, str]:
        """What commands get to see."""
        variables = self.variables
        return {name: variables[name] for name in self.exported if name in variables}

    # Signals

    def on_signal(self, number: int) -> bool:
        """A signal has come: whether it is trapped or ignored."""
        command = self.traps.get(number)
        if command is None:
            return self.interactive and number in (2, 15)
        if command:
            self.pending.append(number)
            if self.waiting is not None:
                self.waiting.wake()
        return True

    def complain(self, message: str) -> None:
        """Print an error as this shell does."""
        invocation = self.invocation
        name = self.name.rpartition("/")[2] if self.interactive else self.name
        if self.is_bash and not self.interactive:
            name += f": line {self.line}"
        elif invocation.userland.style != "busybox" and not self.is_bash:
            name += f": {self.line}"
        invocation.write(f"{name}: {message}\n".encode(errors="surrogateescape"), 2)
