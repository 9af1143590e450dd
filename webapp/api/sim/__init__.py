"""Kinds of sim.podarium.dev, the simulation's own group."""
