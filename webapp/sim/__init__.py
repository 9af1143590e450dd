"""Virtual time and chance: the ground that the simulated world stands on.

Everything above is handed a :class:`~webapp.sim.loop.Simulation` and a
:class:`~webapp.sim.rng.RandomStreams`; nothing above reads a wall clock or a global random source.
"""
