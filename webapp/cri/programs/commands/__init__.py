"""Small programs of a container: each takes an invocation and gives an exit code.

A command that only works on its arguments is a function; one that reads input or waits is a generator.
:mod:`table` lists all of them.
"""
