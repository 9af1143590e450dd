"""Getting a container's image onto the machine: pull policies, serial pulls, back-off.

:meth:`ImageManager.ensure_image_exists` answers through ``on_done`` with ``None`` (the image is here)
or an :class:`ImageError` with the reason that the waiting container shows.

Models:
    pkg/kubelet/images/image_manager.go EnsureImageExists
    pkg/kubelet/images/puller.go serialImagePuller
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from webapp.cri.api import PullFailure
from webapp.cri.continuation import later
from webapp.cri.images import registry_unreachable
from webapp.cri.references import InvalidReferenceError, parse_reference
from webapp.kubelet.backoff import Backoff, go_duration
from webapp.trace.facts import ImagePulled, ImagePullFailed, ImagePullStarted

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.record import EventRecorder
    from webapp.cri.api import Image, ImageService
    from webapp.kubelet.pull_secrets import PullSecrets
    from webapp.kubelet.sabotage import Sabotage
    from webapp.sim.loop import Simulation
    from webapp.trace.facts import ObjectRef
    from webapp.trace.recorder import Recorder


@dataclass(frozen=True, slots=True)
class ImageError:
    """Why a container's image is not here.

    Attributes:
        reason: ErrImagePull, ImagePullBackOff, ErrImageNeverPull or InvalidImageName.
        message: What the container's status shows.
        retry_ms: When to look again; 0 leaves it to the caller.
    """

    reason: str
    message: str
    retry_ms: int = 0


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """Who needs an image.

    Attributes:
        pod: The Pod, for Events.
        ref: The Pod, for facts.
        container: The container's spec.
        field_path: Where the container stands in the Pod.
        wanted: Asked when a pull's turn has come: whether anybody still waits for it.
    """

    pod: JSONObject
    ref: ObjectRef
    container: JSONObject
    field_path: str
    wanted: Callable[[], bool]


class _QueuedPull(NamedTuple):
    """A pull that waits for its turn, since ``asked_ms`` and because of the fact ``cause``."""

    request: ImageRequest
    on_done: Callable[[ImageError | None], None]
    asked_ms: int
    cause: int


class ImageManager:
    """Images of one machine; pulls happen one at a time unless the Node is set up for more.

    Args:
        sim, recorder: Virtual time, and what takes the facts.
        images: The machine's image store.
        events: Writes Events.
        node: The Node's name.
        on_pulled: Told when the machine has one image more.
        sabotage: What Faults make go wrong.
        secrets_of: The logins that a Pod brings.
        get_parallel: How many pulls may happen at a time.
    """

    def __init__(
        self,
        sim: Simulation,
        recorder: Recorder,
        images: ImageService,
        events: EventRecorder,
        *,
        node: str,
        on_pulled: Callable[[], None],
        sabotage: Sabotage,
        secrets_of: Callable[[JSONObject], PullSecrets],
        get_parallel: Callable[[], int],
    ) -> None:
        self._sim = sim
        self._recorder = recorder
        self._images = images
        self._events = events
        self._node = node
        self._actor = f"kubelet/{node}"
        self._on_pulled = on_pulled
        self._sabotage = sabotage
        self._secrets_of = secrets_of
        self._get_parallel = get_parallel
        self._backoff = Backoff()
        self._last_error: dict[tuple[str, ...], str] = {}
        self._queue: deque[_QueuedPull] = deque()
        self._pulling = 0

    def ensure_image_exists(
        self, request: ImageRequest, on_done: Callable[[ImageError | None], None]
    ) -> None:
        """Make sure that a container's image is here; pull it if its policy says so."""
        image = request.container["image"]
        try:
            parse_reference(image)
        except InvalidReferenceError as error:
            message = (
                f'Failed to apply default image tag "{image}": '
                f'couldn\'t parse image name "{image}": {error}'
            )
            self._tell(request, "Warning", "InspectFailed", message)
            on_done(ImageError("InvalidImageName", message))
            return
        secrets = self._secrets_of(request.pod)
        if secrets.missing:
            message = (
                f"Unable to retrieve some image pull secrets ({', '.join(secrets.missing)}); "
                "attempting to pull the image may not succeed."
            )
            self._tell(
                request, "Warning", "FailedToRetrieveImagePullSecret", message, about_pod=True
            )
        present = self._images.image_status(image) is not None and self._images.may_use(
            image, secrets.registries
        )
        policy = request.container.get("imagePullPolicy", "IfNotPresent")
        if present and policy != "Always":
            self._use_present(request, on_done)
        elif policy == "Never":
            message = f'Container image "{image}" is not present with pull policy of Never'
            self._tell(request, "Warning", "ErrImageNeverPull", message)
            on_done(ImageError("ErrImageNeverPull", message))
        else:
            self._pull_unless_backing_off(request, on_done)

    def forget_pod(self, uid: str) -> None:
        """Drop the back-offs of a Pod that is gone."""
        self._backoff.forget(uid)
        for key in [key for key in self._last_error if key[0] == uid]:
            del self._last_error[key]

    def _use_present(
        self, request: ImageRequest, on_done: Callable[[ImageError | None], None]
    ) -> None:
        image = request.container["image"]
        message = (
            f'Container image "{image}" already present on machine and can be accessed by the pod'
        )
        self._tell(request, "Normal", "Pulled", message)
        seq = self._recorder.record(
            ImagePulled(
                actor=self._actor,
                subject=request.ref,
                node=self._node,
                container=request.container["name"],
                image=image,
                already_present=True,
            )
        )
        with self._recorder.caused_by(seq):
            on_done(None)

    def _pull_unless_backing_off(
        self, request: ImageRequest, on_done: Callable[[ImageError | None], None]
    ) -> None:
        image = request.container["image"]
        key = (request.ref.uid, image)
        wait_ms = self._backoff.remaining_since_update(key, self._sim.now_ms)
        if wait_ms:
            message = f'Back-off pulling image "{image}"'
            self._tell(request, "Normal", "BackOff", message)
            cause = self._last_error.get(key, "")
            on_done(ImageError("ImagePullBackOff", f"{message}: ErrImagePull: {cause}", wait_ms))
            return
        self._tell(request, "Normal", "Pulling", f'Pulling image "{image}"')
        self._queue.append(_QueuedPull(request, on_done, self._sim.now_ms, self._recorder.cause))
        self._pull_next()

    def _pull_next(self) -> None:
        """Begin pulls that wait, as many at a time as the kubelet is set up for."""
        while self._queue and self._pulling < self._get_parallel():
            request, on_done, asked_ms, cause = self._queue.popleft()
            if request.wanted():
                self._pulling += 1
                with self._recorder.caused_by(cause):
                    self._pull(request, on_done, asked_ms)

    def _pull(
        self, request: ImageRequest, on_done: Callable[[ImageError | None], None], asked_ms: int
    ) -> None:
        image = request.container["image"]
        registries = self._secrets_of(request.pod).registries
        result, duration_ms = self._images.plan_pull(image, registries)
        duration_ms *= self._pulling  # they share the way to the registry
        if self._sabotage.fails_pull(self._node, request.pod, image):
            result = registry_unreachable(image)
        seq = self._recorder.record(
            ImagePullStarted(
                actor=self._actor,
                subject=request.ref,
                node=self._node,
                container=request.container["name"],
                image=image,
                size_bytes=0 if isinstance(result, PullFailure) else result.size_bytes,
                duration_ms=duration_ms,
            )
        )
        with self._recorder.caused_by(seq):
            later(
                self._sim,
                self._recorder,
                duration_ms,
                self._finish_pull,
                (request, on_done, asked_ms, result, duration_ms),
            )

    def _finish_pull(
        self,
        pull: tuple[
            ImageRequest, Callable[[ImageError | None], None], int, Image | PullFailure, int
        ],
    ) -> None:
        request, on_done, asked_ms, result, duration_ms = pull
        self._pulling -= 1
        image = request.container["image"]
        error: ImageError | None = None
        if isinstance(result, PullFailure):
            error = self._note_failure(request, result)
            seq = self._recorder.last_seq
        else:
            self._images.add_image(result)
            waited = go_duration(self._sim.now_ms - asked_ms)
            self._tell(
                request,
                "Normal",
                "Pulled",
                f'Successfully pulled image "{image}" in {go_duration(duration_ms)} '
                f"({waited} including waiting). Image size: {result.size_bytes} bytes.",
            )
            seq = self._recorder.record(
                ImagePulled(
                    actor=self._actor,
                    subject=request.ref,
                    node=self._node,
                    container=request.container["name"],
                    image=image,
                )
            )
            self._on_pulled()
        self._pull_next()
        with self._recorder.caused_by(seq):
            on_done(error)

    def _note_failure(self, request: ImageRequest, failure: PullFailure) -> ImageError:
        image = request.container["image"]
        key = (request.ref.uid, image)
        self._tell(
            request, "Warning", "Failed", f'Failed to pull image "{image}": {failure.message}'
        )
        self._backoff.next(key, self._sim.now_ms, self._sim.now_ms)
        self._last_error[key] = failure.message
        self._recorder.record(
            ImagePullFailed(
                actor=self._actor,
                subject=request.ref,
                node=self._node,
                container=request.container["name"],
                image=image,
                reason="ErrImagePull",
                message=failure.message,
            )
        )
        return ImageError("ErrImagePull", failure.message)

    def _tell(
        self,
        request: ImageRequest,
        type_: str,
        reason: str,
        message: str,
        *,
        about_pod: bool = False,
    ) -> None:
        path = "" if about_pod else request.field_path
        self._events.event(request.pod, type_, reason, message, path)
