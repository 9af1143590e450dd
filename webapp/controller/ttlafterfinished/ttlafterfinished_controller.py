"""The TTL-after-finished controller: deletes Jobs ``ttlSecondsAfterFinished`` after their end.

Jobs enter through an informer; deletions in the foreground leave.

Models:
    pkg/controller/ttlafterfinished/ttlafterfinished_controller.go processJob
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import JOBS
from webapp.apimachinery.meta import namespaced_name
from webapp.apimachinery.status import NotFound
from webapp.apimachinery.timestamps import parse_time
from webapp.controller.controller import Controller

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext


class TTLAfterFinishedController(Controller):
    """Keys are ``namespace/name`` of Jobs that have a time to live."""

    name = "ttl-after-finished-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._jobs = context.informers.informer(JOBS)
        self._jobs.add_handler(on_add=self._on_job, on_update=lambda _, new: self._on_job(new))

    def sync(self, key: str) -> None:
        """Delete the Job if its time is over."""
        job = self._jobs.get(key)
        if job is None or "deletionTimestamp" in job["metadata"]:
            return
        expiry_ms = _expiry_ms(job)
        if expiry_ms is None:
            return
        if expiry_ms > self.sim.now_ms:
            self.enqueue_after(key, expiry_ms - self.sim.now_ms)
            return
        metadata = job["metadata"]
        try:
            self.client.delete(
                JOBS,
                metadata["namespace"],
                metadata["name"],
                propagation_policy="Foreground",
                uid=metadata["uid"],
            )
        except NotFound:
            return
        seconds = job["spec"]["ttlSecondsAfterFinished"]
        self.acted(job, f"TTL controller deleted the Job {seconds} s after it had finished")

    def _on_job(self, job: JSONObject) -> None:
        if _expiry_ms(job) is not None and "deletionTimestamp" not in job["metadata"]:
            self.enqueue(namespaced_name(job))


def _expiry_ms(job: JSONObject) -> int | None:
    """When the Job is to be deleted; ``None`` while that is open."""
    ttl = job["spec"].get("ttlSecondsAfterFinished")
    if ttl is None:
        return None
    for condition in (job.get("status") or {}).get("conditions") or ():
        if condition["type"] in {"Complete", "Failed"} and condition["status"] == "True":
            return parse_time(condition["lastTransitionTime"]) + int(ttl) * 1000
    return None
