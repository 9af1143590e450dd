"""The CronJob controller: makes a Job from its template each time its schedule says so.

CronJobs and Jobs enter through informers; Jobs, deletions of old ones, status and Events leave. Between
two runs nothing is in progress: one background timer waits for the next.

Models:
    pkg/controller/cronjob/cronjob_controllerv2.go syncCronJob, cleanupFinishedJobs
    pkg/controller/cronjob/utils.go mostRecentScheduleTime, getJobFromTemplate2
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from webapp.api.batch.schedule import CronSchedule, parse_schedule
from webapp.api.resources import CRON_JOBS, JOBS
from webapp.apimachinery.meta import controller_of, namespaced_name
from webapp.apimachinery.status import AlreadyExists, NotFound, StatusError
from webapp.apimachinery.timestamps import parse_time, time_text
from webapp.controller.controller import Controller, is_namespace_terminating
from webapp.controller.controller_ref_manager import new_controller_ref
from webapp.controller.indexes import BY_CONTROLLER, controller_uid

if TYPE_CHECKING:
    from datetime import tzinfo

    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext

SCHEDULED_ANNOTATION = "batch.kubernetes.io/cronjob-scheduled-timestamp"
START_DELAY_MS = 100
"""So much after its time a run begins, so that the clock is surely past it."""
MANY_MISSED = 100


class CronJobController(Controller):
    """Reconciles CronJobs; keys are ``namespace/name``."""

    name = "cronjob-controller"
    max_retries = 1 << 30

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._events = context.events(self.name)
        self._cron_jobs = context.informers.informer(CRON_JOBS)
        self._jobs = context.informers.informer(JOBS)
        self._jobs.add_index(BY_CONTROLLER, controller_uid)
        self._cron_jobs.add_handler(
            on_add=lambda obj: self.enqueue(namespaced_name(obj)),
            on_update=lambda _, new: self.enqueue(namespaced_name(new)),
        )
        self._jobs.add_handler(
            on_add=self._on_job, on_update=lambda _, new: self._on_job(new), on_delete=self._on_job
        )

    def sync(self, key: str) -> None:
        """Note what has ended, start what is due, forget what is old."""
        cron_job = self._cron_jobs.get(key)
        if cron_job is None:
            return
        jobs = self._jobs.by_index(BY_CONTROLLER, cron_job["metadata"]["uid"])
        status = self._status_after(cron_job, jobs)
        refusal: StatusError | None = None
        if "deletionTimestamp" not in cron_job["metadata"]:
            self._clean_up(cron_job, jobs)
            try:
                status = self._start_due(key, cron_job, status)
            except StatusError as error:
                refusal = error
        if status != (cron_job.get("status") or {}):
            self.client.update(CRON_JOBS, {**cron_job, "status": status}, "status")
        if refusal is not None:
            raise refusal

    # --- what has ended

    def _status_after(self, cron_job: JSONObject, jobs: list[JSONObject]) -> JSONObject:
        status: JSONObject = dict(cron_job.get("status") or {})
        active = {item["uid"]: item for item in status.get("active") or ()}
        for job in jobs:
            uid, end = job["metadata"]["uid"], _end_of(job)
            if end is None:
                if uid not in active:
                    name = job["metadata"]["name"]
                    message = f"Saw a job that the controller did not create or forgot: {name}"
                    self._events.event(cron_job, "Warning", "UnexpectedJob", message)
                continue
            if uid in active:
                del active[uid]
                message = f"Saw completed job: {job['metadata']['name']}, condition: {end}"
                self._events.event(cron_job, "Normal", "SawCompletedJob", message)
            completed = job["status"].get("completionTime")
            if end == "Complete" and completed:
                last = status.get("lastSuccessfulTime", "")
                status["lastSuccessfulTime"] = max(last, completed)
        self._drop_missing(cron_job, jobs, active)
        if active:
            status["active"] = list(active.values())
        else:
            status.pop("active", None)
        return status

    def _drop_missing(
        self, cron_job: JSONObject, jobs: list[JSONObject], active: dict[str, JSONObject]
    ) -> None:
        seen = {job["metadata"]["uid"] for job in jobs}
        for uid, reference in list(active.items()):
            if uid not in seen and not self._exists(reference):
                del active[uid]
                message = f"Active job went missing: {reference['name']}"
                self._events.event(cron_job, "Normal", "MissingJob", message)

    def _exists(self, reference: JSONObject) -> bool:
        try:
            job = self.client.get(JOBS, reference["namespace"], reference["name"])
        except NotFound:
            return False
        return bool(job["metadata"]["uid"] == reference["uid"])

    def _clean_up(self, cron_job: JSONObject, jobs: list[JSONObject]) -> None:
        for end, field in (
            ("Complete", "successfulJobsHistoryLimit"),
            ("Failed", "failedJobsHistoryLimit"),
        ):
            limit = cron_job["spec"].get(field)
            if limit is None:
                continue
            ended = [job for job in jobs if _end_of(job) == end]
            ended.sort(
                key=lambda job: (job["status"].get("startTime", ""), job["metadata"]["name"])
            )
            for job in ended[: max(0, len(ended) - int(limit))]:
                if "deletionTimestamp" not in job["metadata"]:
                    self._delete_job(cron_job, job["metadata"]["name"])

    def _delete_job(self, cron_job: JSONObject, name: str) -> None:
        namespace = cron_job["metadata"]["namespace"]
        try:
            self.client.delete(JOBS, namespace, name, propagation_policy="Background")
        except NotFound:
            return
        except StatusError as error:
            message = f"Deleted job: {error.message}"
            self._events.event(cron_job, "Warning", "FailedDelete", message)
            raise
        self._events.event(cron_job, "Normal", "SuccessfulDelete", f"Deleted job {name}")
        self.acted(cron_job, f"CronJob controller deleted Job {name}")

    # --- what is due

    def _start_due(self, key: str, cron_job: JSONObject, status: JSONObject) -> JSONObject:
        """The status after starting what is due; the next run is waited for."""
        spec = cron_job["spec"]
        zone = self._zone(cron_job)
        if spec.get("suspend") or zone is None:
            return status
        try:
            schedule = parse_schedule(spec["schedule"])
        except ValueError as error:
            message = f'unparseable schedule: "{spec["schedule"]}" : {error}'
            self._events.event(cron_job, "Warning", "UnparseableSchedule", message)
            return status
        due_ms = self._most_recent(cron_job, status, schedule, zone)
        if due_ms is not None:
            status = self._start(cron_job, status, due_ms, zone)
        next_ms = schedule.next_ms(self.sim.now_ms, zone)
        if next_ms is not None:
            self.enqueue_after(key, next_ms - self.sim.now_ms + START_DELAY_MS)
        return status

    def _zone(self, cron_job: JSONObject) -> tzinfo | None:
        name = cron_job["spec"].get("timeZone")
        if not name:
            return UTC
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            message = f'invalid timeZone: "{name}": unknown time zone {name}'
            self._events.event(cron_job, "Warning", "UnknownTimeZone", message)
            return None

    def _most_recent(
        self, cron_job: JSONObject, status: JSONObject, schedule: CronSchedule, zone: tzinfo
    ) -> int | None:
        """The latest moment of the schedule that has come and was not yet looked after."""
        now_ms = self.sim.now_ms
        since_ms = parse_time(
            status.get("lastScheduleTime") or cron_job["metadata"]["creationTimestamp"]
        )
        deadline = cron_job["spec"].get("startingDeadlineSeconds")
        if deadline is not None:
            since_ms = max(since_ms, now_ms - int(deadline) * 1000)
        latest, missed = latest_run(schedule, zone, since_ms, now_ms)
        if missed > MANY_MISSED:
            message = (
                "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or "
                "check clock skew"
            )
            self._events.event(cron_job, "Warning", "TooManyMissedTimes", message)
        return latest

    def _start(
        self, cron_job: JSONObject, status: JSONObject, due_ms: int, zone: tzinfo
    ) -> JSONObject:
        spec = cron_job["spec"]
        active = status.get("active") or []
        name = f"{cron_job['metadata']['name']}-{due_ms // 60_000}"
        if any(item["name"] == name for item in active):
            return status
        deadline = spec.get("startingDeadlineSeconds")
        if deadline is not None and due_ms + int(deadline) * 1000 < self.sim.now_ms:
            when = datetime.fromtimestamp(due_ms / 1000, zone).strftime("%a, %d %b %Y %H:%M:%S %z")
            message = f"Missed scheduled time to start a job: {when}"
            self._events.event(cron_job, "Warning", "MissSchedule", message)
            return status
        if active and spec.get("concurrencyPolicy") == "Forbid":
            message = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self._events.event(cron_job, "Normal", "JobAlreadyActive", message)
            return status
        if spec.get("concurrencyPolicy") == "Replace":
            for item in active:
                self._delete_job(cron_job, item["name"])
            active = []
        job = self._create_job(cron_job, name, due_ms, zone)
        if job is None:
            return status
        metadata = job["metadata"]
        reference = {
            "kind": "Job",
            "namespace": metadata["namespace"],
            "name": name,
            "uid": metadata["uid"],
            "apiVersion": "batch/v1",
            "resourceVersion": metadata["resourceVersion"],
        }
        return {**status, "active": [*active, reference], "lastScheduleTime": time_text(due_ms)}

    def _create_job(
        self, cron_job: JSONObject, name: str, due_ms: int, zone: tzinfo
    ) -> JSONObject | None:
        namespace = cron_job["metadata"]["namespace"]
        body = _new_job(cron_job, name, due_ms, zone)
        try:
            job = self.client.create(JOBS, namespace, body)
        except AlreadyExists:
            found = self.client.get(JOBS, namespace, name)
            owner = controller_of(found)
            ours = owner is not None and owner["uid"] == cron_job["metadata"]["uid"]
            return found if ours and _end_of(found) is None else None
        except StatusError as error:
            if is_namespace_terminating(error):
                return None
            message = f"Error creating job: {error.message}"
            self._events.event(cron_job, "Warning", "FailedCreate", message)
            raise
        self._events.event(cron_job, "Normal", "SuccessfulCreate", f"Created job {name}")
        self.acted(cron_job, f"CronJob controller created Job {name}")
        return job

    def _on_job(self, job: JSONObject) -> None:
        owner = controller_of(job)
        if owner is not None and owner["kind"] == "CronJob":
            self.enqueue(f"{job['metadata']['namespace']}/{owner['name']}")


def latest_run(
    schedule: CronSchedule, zone: tzinfo, since_ms: int, now_ms: int
) -> tuple[int | None, int]:
    """The last run that was due after ``since_ms`` until now, and roughly how many were.

    The number is the time gone by over the distance of the first two runs, so that a year of
    missed minutes costs no more than one.
    """
    first = schedule.next_ms(since_ms, zone)
    if first is None or first > now_ms:
        return None, 0
    second = schedule.next_ms(first, zone)
    if second is None or second > now_ms:
        return first, 1
    distance = second - first
    missed = (now_ms - first) // distance + 1
    latest = None
    moment = schedule.next_ms(first + (missed - 2) * distance, zone)
    while moment is not None and moment <= now_ms:
        latest = moment
        moment = schedule.next_ms(moment, zone)
    return latest, missed


def _end_of(job: JSONObject) -> str | None:
    """Complete or Failed; ``None`` while the Job runs."""
    for condition in (job.get("status") or {}).get("conditions") or ():
        if condition["type"] in {"Complete", "Failed"} and condition["status"] == "True":
            return str(condition["type"])
    return None


def _new_job(cron_job: JSONObject, name: str, due_ms: int, zone: tzinfo) -> JSONObject:
    template = cron_job["spec"]["jobTemplate"]
    template_metadata = template.get("metadata") or {}
    when = datetime.fromtimestamp(due_ms / 1000, zone)
    text = time_text(due_ms) if zone is UTC else when.isoformat(timespec="seconds")
    metadata: JSONObject = {
        "name": name,
        "namespace": cron_job["metadata"]["namespace"],
        "annotations": {**(template_metadata.get("annotations") or {}), SCHEDULED_ANNOTATION: text},
        "ownerReferences": [new_controller_ref(cron_job)],
    }
    if template_metadata.get("labels"):
        metadata["labels"] = template_metadata["labels"]
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"]}
