"""Which family makes which types of Faults come true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cluster.faults import containers, control_plane, images, links, machine, pressure

if TYPE_CHECKING:
    from webapp.cluster.control_plane import ControlPlane
    from webapp.cluster.faults.active import Family
    from webapp.cluster.node import Machines
    from webapp.sim.loop import Simulation
    from webapp.sim.rng import RandomStreams
    from webapp.trace.recorder import Recorder


def make_families(
    sim: Simulation,
    streams: RandomStreams,
    recorder: Recorder,
    machines: Machines,
    plane: ControlPlane,
) -> dict[str, Family]:
    """Type → family; each family is made once."""
    ends = containers.ContainerEnds(sim, streams.stream("faults/containers"), recorder, machines)
    made: tuple[tuple[tuple[str, ...], Family], ...] = (
        (containers.END_TYPES, ends),
        (containers.PROBE_TYPES, containers.ProbeFaults(streams.stream("faults/probes"), machines)),
        (control_plane.TYPES, control_plane.ControlPlaneFaults(plane)),
        (images.TYPES, images.ImageFaults(machines)),
        (links.TYPES, links.LinkFaults(machines)),
        (machine.TYPES, machine.MachineFaults(machines)),
        (pressure.TYPES, pressure.PressureFaults(machines)),
    )
    return {type_: family for types, family in made for type_ in types}
