"""Simple shell sequences as container programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from webapp.cri.api import RUNNING, Container, ContainerConfig
from webapp.cri.behaviours import choose_program
from webapp.cri.logs import ContainerLog
from webapp.cri.program import Process
from webapp.cri.shell import NotModelledError, execute, parse_script

if TYPE_CHECKING:
    from webapp.sim.loop import Simulation


class Box:
    """A container that runs one command."""

    def __init__(self, sim: Simulation, *command: str, image: str = "busybox") -> None:
        config = ContainerConfig("c", image, command, env={"NAME": "world"})
        self.container = Container("id", config, image, image, ContainerLog())
        self.container.state = RUNNING
        self.exit_code: int | None = None
        self.process = Process(
            sim,
            self.container,
            command,
            hostname="box",
            ip="10.244.0.2",
            on_exit=self._on_exit,
            on_change=lambda _: None,
        )
        choose_program(image, command, ()).start(self.process)

    def _on_exit(self, _: Container, code: int, __: str) -> None:
        self.exit_code = code

    @property
    def lines(self) -> list[str]:
        return [line for _, line in self.container.log.lines()]


@pytest.mark.parametrize(
    ("script", "lines", "exit_code"),
    [
        ("echo a; echo b", ["a", "b"], 0),
        ("echo a && false || echo c", ["a", "c"], 0),
        ("false && echo never", [], 1),
        ("exit 3", [], 3),
        ("echo hello $NAME from ${HOSTNAME}", ["hello world from box"], 0),
        ("echo '$NAME'", ["$NAME"], 0),
        ('echo "two  spaces"', ["two  spaces"], 0),
        ("echo $(hostname) > /tmp/f; cat /tmp/f", ["box"], 0),
        ("rm /tmp/f", ["rm: can't remove '/tmp/f': No such file or directory"], 1),
        ("# nothing\necho x # comment", ["x"], 0),
    ],
)
def test_simple_scripts(sim: Simulation, script: str, lines: list[str], exit_code: int) -> None:
    """Output and exit code as a shell gives them."""
    box = Box(sim, "sh", "-c", script)

    sim.run_for(1_000)

    assert (box.lines, box.exit_code) == (lines, exit_code)


def test_sleep_takes_virtual_time_in_the_background(sim: Simulation) -> None:
    """A sleeping container does not keep the world busy."""
    box = Box(sim, "sleep", "1h")

    assert sim.is_idle
    sim.run_for(3_599_000)
    assert box.exit_code is None
    sim.run_for(1_000)
    assert box.exit_code == 0


def test_a_loop_prints_as_time_goes_by(sim: Simulation) -> None:
    """``while true`` with a sleep: a line a second, with its time."""
    box = Box(sim, "sh", "-c", "while true; do echo tick; sleep 1; done")

    sim.run_for(2_500)

    times = [at_ms - sim.clock.start_ms for at_ms, _ in box.container.log.lines()]
    assert times == [0, 1_000, 2_000]


def test_a_loop_without_a_sleep_does_not_stop_time(sim: Simulation) -> None:
    """Each round takes a moment."""
    box = Box(sim, "sh", "-c", "while :; do echo x; done")

    sim.run_for(100)

    assert 5 < len(box.lines) < 20


@pytest.mark.parametrize(
    "script",
    [
        "echo a | wc",
        "for i in 1 2; do echo $i; done",
        "python x.py",
        "echo ${X:-y}",
        "sleep 1 &",
        "while true",
    ],
)
def test_more_than_that_is_not_modelled(script: str) -> None:
    """What is not understood is said, not guessed."""
    with pytest.raises(NotModelledError):
        parse_script(script)


def test_a_command_beside_the_first_process(sim: Simulation) -> None:
    """exec gives output, exit code and how long it takes."""
    box = Box(sim, "sleep", "1h")

    result, took_ms = execute(box.process, ("sh", "-c", "echo hi; sleep 2; exit 4"))

    assert (result.output, result.exit_code, took_ms) == ("hi\n", 4, 2_000)


def test_well_known_images_do_what_people_know(sim: Simulation) -> None:
    """busybox ends at once, nginx listens, hello-world prints."""
    busybox, nginx, hello = (Box(sim, image=image) for image in ("busybox", "nginx", "hello-world"))

    sim.run_for(1_000)

    assert busybox.exit_code == 0
    assert (nginx.exit_code, nginx.process.ports) == (None, (80,))
    assert "Hello from Docker!" in hello.lines
