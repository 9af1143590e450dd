"""What runs inside a simulated container: a file system, a shell and commands, in virtual time.

Layers, each knowing only those before it: ``files`` (the in-memory file system), ``streams`` and
``invocation`` (one running command), ``userland`` (all of a container's), ``shell`` (the interpreter)
and ``commands`` (small programs in one sorted table). Nothing here touches the host.
"""
