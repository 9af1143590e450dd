"""What containers hold, and what becomes of those that hold too much."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from webapp.cri.instances import Instance, Instances
from webapp.cri.stats import (
    base_bytes,
    memory_bytes,
    profile_of,
)

if TYPE_CHECKING:
    from webapp.cri.api import (
        Container,
    )
    from webapp.cri.program import Process


class MemoryWatch(Instances):
    """Counts memory and files, and ends who exceeds a limit."""

    def memory_bytes(self, container: Container) -> int:
        """A running container's working set now."""
        process = self._process(container)
        return memory_bytes(container, process) if process is not None else 0

    def disk_bytes(self, container: Container) -> int:
        """What a running container wrote to its own files and to its log."""
        process = self._process(container)
        if process is None:
            return 0
        written = process.userland.files.quota.used_bytes if process.has_userland else 0
        return written + container.log.size_bytes

    def process_count(self, container: Container) -> int:
        """How many processes run in a container."""
        process = self._process(container)
        if process is None:
            return 0
        return max(1, len(process.userland.processes)) if process.has_userland else 1

    def runs_commands(self, container: Container) -> bool:
        """Whether anything in a container could write to its files."""
        process = self._process(container)
        return process is not None and process.has_userland

    def _check_base_memory(self, container: Container, instance: Instance) -> None:
        """A limit below what the image needs ends it while it comes up, not at once."""
        process = instance.process
        if process is not None and not process.runs_command:
            profile = profile_of(container.config.image)
            limits = (
                container.config.memory_limit_bytes,
                instance.sandbox.config.memory_limit_bytes,
            )
            if any(limit and base_bytes(container.id, profile) > limit for limit in limits):
                process.after(max(50, profile.start_ms // 2), self._check_process)

    def _check_process(self, process: Process) -> None:
        self.check_memory(process.container)

    def check_memory(self, container: Container) -> None:
        """Whether the limits of a container and of its Pod still hold; the kernel ends who is too large."""
        instance = self._instances.get(container.id)
        if instance is None or instance.process is None:
            return
        if self.listener is not None:
            self.listener.on_memory_used()
        limit = container.config.memory_limit_bytes
        if limit and self.memory_bytes(container) > limit:
            instance.process.run_out_of_memory()
            return
        limit = instance.sandbox.config.memory_limit_bytes
        if limit:
            sizes = [(self.memory_bytes(item), item.id) for item in instance.sandbox.containers]
            victim = self._instances[max(sizes)[1]].process
            if sum(size for size, _ in sizes) > limit and victim is not None:
                victim.run_out_of_memory()

    def update_container_resources(
        self, container: Container, cpu_limit_millis: int, memory_limit_bytes: int
    ) -> None:
        """Give a container other limits while it runs; 0 for none."""
        container.config = replace(
            container.config,
            cpu_limit_millis=cpu_limit_millis,
            memory_limit_bytes=memory_limit_bytes,
        )
        process = self._process(container)
        if process is not None:
            process.set_limits(cpu_limit_millis, memory_limit_bytes)
            self.check_memory(container)
