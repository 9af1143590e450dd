"""The spine that all controllers share: informer handlers fill a work queue, ``sync`` empties it.

A subclass names itself, adds informer handlers in its constructor that call :meth:`enqueue`, and
implements :meth:`sync` for one key. A refusal by the API server (a conflict, an object just gone)
is not an accident: the key is tried again after a growing delay.

Models:
    pkg/controller/deployment/deployment_controller.go worker, processNextWorkItem, handleErr
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from webapp.apimachinery.meta import object_ref
from webapp.apimachinery.status import StatusError
from webapp.client.workqueue import WorkQueue
from webapp.trace.facts import ControllerActed

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject
    from webapp.controller.context import ControllerContext


class Controller(ABC):
    """One reconcile loop.

    Attributes:
        name: As kube-controller-manager's ``--controllers`` lists it.
        service_ms: Virtual milliseconds that one key takes.
        max_retries: After so many refusals in a row a key waits for the next change instead.
    """

    name: ClassVar[str]
    service_ms: ClassVar[int] = 2
    max_retries: ClassVar[int] = 15

    def __init__(self, context: ControllerContext) -> None:
        self.sim = context.sim
        self.recorder = context.recorder
        self.client = context.client
        self.informers = context.informers
        self.queue = WorkQueue(context.sim, self._process, self.name, self.service_ms)
        self._causes: dict[str, int] = {}

    @abstractmethod
    def sync(self, key: str) -> None:
        """Compare what is with what should be for ``key``, and act.

        Raises:
            StatusError: The API server refused something; the key is tried again.
        """

    def start(self) -> None:  # noqa: B027  # most controllers need nothing but their informers
        """Begin; called once, after all informers have listed."""

    def enqueue(self, key: str) -> None:
        """Sync ``key`` when its turn comes; what is being acted upon now is the cause."""
        self._causes[key] = self.recorder.cause
        self.queue.add(key)

    def enqueue_after(self, key: str, delay_ms: int, *, background: bool = True) -> None:
        """Sync ``key`` after a delay; a deadline unless told that it is work in progress."""
        self._causes.setdefault(key, self.recorder.cause)
        self.queue.add_after(key, delay_ms, background=background)

    def retry(self, key: str) -> None:
        """Something was refused: sync ``key`` again after a growing delay."""
        if self.queue.retries(key) < self.max_retries:
            self.queue.add_rate_limited(key)
        else:
            self.queue.forget(key)

    def acted(self, obj: JSONObject, summary: str) -> None:
        """Record in plain words what was done for ``obj``."""
        self.recorder.record(
            ControllerActed(actor=self.client.name, subject=object_ref(obj), summary=summary)
        )

    def _process(self, key: str) -> None:
        with self.recorder.caused_by(self._causes.pop(key, 0)):
            try:
                self.sync(key)
            except StatusError:
                self.retry(key)
                return
        self.queue.forget(key)


def is_namespace_terminating(error: StatusError) -> bool:
    """Whether something was refused because its Namespace is ending, so that trying again is vain.

    Models:
        staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go HasStatusCause
    """
    return any(
        cause.get("reason") == "NamespaceTerminating" for cause in error.details.get("causes", ())
    )
