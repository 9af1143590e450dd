"""Terminals and sessions: keys become lines, Ctrl-C ends what runs, output reaches whoever watches."""

from __future__ import annotations

import io
import tarfile

import pytest

from webapp.apimachinery.streams import ExecOptions
from webapp.cri.program_session import ProgramSession
from webapp.cri.programs.commands.table import COMMANDS
from webapp.cri.programs.files.filesystem import FileSystem
from webapp.cri.programs.files.skeleton import BUSYBOX, image_tree
from webapp.cri.programs.network import NoNetwork
from webapp.cri.programs.process_namespace import ProcessNamespace
from webapp.cri.programs.userland import Identity, Userland
from webapp.cri.terminal import Console, Terminal
from webapp.sim.loop import Simulation

ENV = {"PATH": "/usr/bin:/bin", "HOME": "/root"}


class Keyboard:
    """A terminal whose screen and signals are kept."""

    def __init__(self):
        self.screen = b""
        self.signals = []
        self.terminal = Terminal(self._show, self.signals.append)

    def _show(self, data):
        self.screen += data

    def lines(self):
        """What programs would read."""
        pieces = []
        while (piece := self.terminal.try_read(100)) is not None:
            pieces.append(piece)
        return pieces


@pytest.fixture
def keyboard():
    return Keyboard()


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (b"ls\r", b"ls\n"),
        (b"lz\x7fs\r", b"ls\n"),
        ("é".encode() + b"\x7fe\r", b"e\n"),
        (b"rm -r all\x15ls\r", b"ls\n"),
        (b"echo one two\x17three\r", b"echo one three\n"),
        (b"\x7f\x7fls\r", b"ls\n"),
        (b"l\x1b[Cs\r", b"ls\n"),
        (b"first\x03ls\r", b"ls\n"),
    ],
    ids=["plain", "backspace", "wide", "kill line", "kill word", "empty", "arrow", "interrupt"],
)
def test_line_is_read_as_it_was_corrected(keyboard, keys, line):
    """A program gets the line, not the way to it."""
    keyboard.terminal.feed(keys)

    assert keyboard.lines() == [line]


def test_typing_is_echoed_and_nothing_is_read_before_the_end_of_the_line(keyboard):
    """The person sees each key, and corrections."""
    keyboard.terminal.feed(b"lx\x7fs")

    assert keyboard.screen == b"lx\b \bs"
    assert keyboard.lines() == []


def test_older_lines_are_recalled(keyboard):
    """Arrow up and down walk through what was typed before."""
    keyboard.terminal.feed(b"one\rtwo\r")
    keyboard.lines()

    keyboard.terminal.feed(b"\x1b[A\x1b[A\x1b[B\r")

    assert keyboard.lines() == [b"two\n"]


def test_end_of_input_is_read_once(keyboard):
    """Ctrl-D on an empty line is an empty read; what is typed afterwards is read again."""
    keyboard.terminal.feed(b"\x04more\r")

    assert keyboard.lines() == [b"", b"more\n"]


def test_interrupt_is_a_signal(keyboard):
    """Ctrl-C is no text."""
    keyboard.terminal.feed(b"\x03")

    assert keyboard.signals == [2]
    assert keyboard.screen == b"^C\r\n"


@pytest.fixture
def sim():
    return Simulation(1_000_000)


@pytest.fixture
def userland(sim):
    def make_files():
        return FileSystem(image_tree(BUSYBOX, (), ()), {}, sim.clock)

    userland = Userland(
        sim,
        COMMANDS,
        make_files,
        NoNetwork(),
        identity=Identity("web"),
        namespace=ProcessNamespace(),
    )
    first = userland.make(0, ["sleep", "1000000"], ENV, "/", {})
    userland.start(first)
    return userland


class Client:
    """Whoever runs a command."""

    def __init__(self, sim, userland, *command, stdin=False, tty=False):
        self._sim = sim
        self.out = self.err = b""
        self.code = None
        self.problem = ""
        options = ExecOptions(command, stdin=stdin, stdout=True, stderr=not tty, tty=tty)
        self.session = ProgramSession(userland, options, ENV, "/")
        self.session.on_stdout = self._on_stdout
        self.session.on_stderr = self._on_stderr
        self.session.on_exit = self._on_exit
        self.session.on_failure = self._on_failure

    def _on_stdout(self, data):
        self.out += data

    def _on_stderr(self, data):
        self.err += data

    def _on_exit(self, code):
        self.code = code

    def _on_failure(self, problem):
        self.problem = problem

    def type(self, data):
        self.session.stdin(data)
        self._sim.run_for(100)

    def wait(self, seconds=1):
        self._sim.run_for(seconds * 1000)


@pytest.fixture
def run(sim, userland):
    def start(*command, **options):
        client = Client(sim, userland, *command, **options)
        client.wait()
        return client

    return start


def test_command_has_its_own_streams_and_exit_code(run):
    """Standard output and error stay apart."""
    client = run("sh", "-c", "echo out; echo err >&2; exit 3")

    assert (client.out, client.err, client.code) == (b"out\n", b"err\n", 3)


def test_input_is_read_until_its_end(run):
    """``cat`` gives back what it gets, and ends with the input."""
    client = run("cat", stdin=True)

    client.type(b"hello\n")
    before = client.code
    client.type(None)

    assert (client.out, before, client.code) == (b"hello\n", None, 0)


def test_large_input_is_not_cut(run):
    """More than a pipe holds at once arrives whole."""
    client = run("wc", "-c", stdin=True)

    for _ in range(10):
        client.type(b"x" * 100_000)
    client.type(None)

    assert client.out.split() == [b"1000000"]


def test_client_that_sends_what_nobody_reads_is_told(run):
    """Input is kept up to a limit; then the command ends."""
    client = run("sleep", "1000", stdin=True)

    for _ in range(20):
        client.type(b"x" * 1_000_000)

    assert client.problem == "the command reads too little of what is sent to it"


def test_command_without_input_finds_its_end(run):
    """Nobody types, so ``cat`` ends at once."""
    assert run("cat").code == 0


def test_missing_command_is_a_failure_in_the_runtimes_words(run):
    """It is no exit code, since nothing ran."""
    client = run("nonsense")

    assert client.code is None
    assert 'exec: "nonsense": executable file not found in $PATH: unknown' in client.problem


def test_interactive_shell_prompts_and_runs_lines(run):
    """What is typed is echoed, run, and followed by the next prompt; ``exit`` ends it."""
    client = run("sh", stdin=True, tty=True)

    client.type(b"echo $((6*7))\r")
    client.type(b"exit 5\r")

    assert client.out == b"/ # echo $((6*7))\r\n42\r\n/ # exit 5\r\n"
    assert client.code == 5


def test_interrupt_ends_the_command_but_not_the_shell(run, userland):
    """Ctrl-C gives the prompt back; a job in the background goes on."""
    client = run("sh", stdin=True, tty=True)
    client.type(b"sleep 500 &\r")
    client.type(b"sleep 1000\r")

    client.type(b"\x03")
    client.type(b"echo $?\r")

    assert client.out.endswith(b"^C\r\n/ # echo $?\r\n130\r\n/ # ")
    assert ["sleep", "500"] in [process.argv for process in userland.processes.values()]


def test_what_a_client_ran_ends_when_it_leaves(run, sim, userland):
    """Nobody is told, and nothing is left behind."""
    client = run("sh", "-c", "while true; do sleep 1; done")

    client.session.cancel()
    sim.run_for(10_000)

    assert client.code is None
    assert [process.argv[0] for process in userland.processes.values()] == ["sleep"]


def test_command_ends_with_its_container(run, userland):
    """Whoever waits for it is told."""
    client = run("sleep", "1000")

    userland.shut_down()

    assert client.code == 137


def test_console_keeps_lines_and_shows_everything():
    """A log has whole lines; who is attached sees a prompt, too."""
    log = []
    console = Console(lambda *lines: log.extend(lines), stdin=True, tty=True)

    class Viewer:
        seen = b""
        code = None

        def on_output(self, data):
            self.seen += data

        def on_end(self, code):
            self.code = code

    viewer = Viewer()
    console.attach(viewer)
    console.fds[1].try_write(b"hello\n/ # ")
    console.input.feed(b"ls\r")
    console.close(0)

    assert viewer.seen == b"hello\r\n/ # ls\r\n"
    assert log == ["hello", "/ # ls"]
    assert viewer.code == 0


def test_archive_made_inside_can_be_read_outside_and_the_other_way_round(run, userland):
    """``kubectl cp`` sends and reads archives as any ``tar`` does."""
    userland.files.make_directory("/data/deep", parents=True)
    userland.files.write("/data/one", b"first")
    userland.files.write("/data/deep/two", bytes(range(256)) * 1000)

    made = run("tar", "cf", "-", "/data")
    with tarfile.open(fileobj=io.BytesIO(made.out)) as archive:
        content = {info.name: info.isdir() for info in archive}
    reader = run("tar", "-xmf", "-", "-C", "/tmp", stdin=True)
    reader.type(made.out)
    reader.type(None)

    assert content == {"data": True, "data/deep": True, "data/deep/two": False, "data/one": False}
    assert (made.code, reader.code) == (0, 0)
    assert userland.files.read("/tmp/data/one") == b"first"
    assert userland.files.read("/tmp/data/deep/two") == bytes(range(256)) * 1000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("cf", "-", "/nothing"), b"tar: /nothing: No such file or directory\n"),
        (("-xf", "-", "-C", "/nowhere"), b"tar: can't change directory to '/nowhere'"),
        (("-xf", "-"), b"tar: invalid archive"),
        (("-q",), b"tar: invalid option -- 'q'"),
    ],
    ids=["source", "target", "archive", "option"],
)
def test_tar_says_what_is_wrong(run, words, message):
    """It fails in words instead of stopping the run."""
    client = run("tar", *words)

    assert client.code == 1
    assert client.err.startswith(message)
