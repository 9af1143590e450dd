"""How fast container programs are: starts, shell statements, and what an idle container costs."""

import pytest

from webapp.cri.programs.commands.table import COMMANDS
from webapp.cri.programs.files.filesystem import FileSystem
from webapp.cri.programs.files.skeleton import BUSYBOX, image_tree
from webapp.cri.programs.network import NoNetwork
from webapp.cri.programs.process_namespace import ProcessNamespace
from webapp.cri.programs.streams import Bytes, Collector
from webapp.cri.programs.userland import Identity, Userland
from webapp.sim.loop import Simulation

STARTS = 5_000
STATEMENTS = 40_000
IDLE = 2_000
ENVIRONMENT = {"PATH": "/bin"}


def make_userland(sim):
    """A container of busybox."""
    return Userland(
        sim,
        COMMANDS,
        lambda: FileSystem(image_tree(BUSYBOX), {}, sim.clock),
        NoNetwork(),
        identity=Identity("box", "10.244.0.2", "seed"),
        namespace=ProcessNamespace(),
    )


def start(userland, script):
    """Begin a shell that runs a script; its output."""
    output = Collector()
    argv = ["sh", "-c", script]
    invocation = userland.make(
        0, argv, dict(ENVIRONMENT), "/", {0: Bytes(b""), 1: output, 2: output}
    )
    userland.start(invocation)
    return output


@pytest.mark.benchmark(group="programs")
def test_programs_started(benchmark):
    """Containers made, each with a shell that prints a line and ends."""

    def run():
        sim = Simulation()
        outputs = [start(make_userland(sim), "echo hello") for _ in range(STARTS)]
        sim.run_for(60_000)
        return sum(output.data == b"hello\n" for output in outputs)

    printed = benchmark.pedantic(run, rounds=3)

    assert printed == STARTS
    benchmark.extra_info["programs_per_second"] = round(STARTS / benchmark.stats.stats.min)


@pytest.mark.benchmark(group="programs")
def test_shell_statements(benchmark):
    """A loop of assignments and tests in one shell."""
    rounds = STATEMENTS // 4
    script = f"i=0; while [ $i -lt {rounds} ]; do i=$((i+1)); x=$i; : $x; done; echo $x"

    def run():
        sim = Simulation()
        output = start(make_userland(sim), script)
        sim.run_for(600_000)
        return output.data.decode()

    printed = benchmark.pedantic(run, rounds=3)

    assert printed == f"{rounds}\n"
    benchmark.extra_info["statements_per_second"] = round(STATEMENTS / benchmark.stats.stats.min)


@pytest.mark.benchmark(group="programs")
def test_an_hour_of_sleeping_loops(benchmark):
    """Containers that wake every minute of a virtual hour: what idling costs."""

    def run():
        sim = Simulation()
        for _ in range(IDLE):
            start(make_userland(sim), "while true; do sleep 60; done")
        sim.run_for(3_600_000)
        return sim.events_processed

    events = benchmark.pedantic(run, rounds=1)

    assert events >= IDLE * 59
    benchmark.extra_info["events_per_container_minute"] = round(events / IDLE / 60, 1)
    benchmark.extra_info["container_hours_per_second"] = round(IDLE / benchmark.stats.stats.min)
