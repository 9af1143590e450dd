"""The scheduler's configuration as an object that can be edited while it runs.

The ConfigMap ``kube-system/kube-scheduler`` holds a KubeSchedulerConfiguration under the key
``config.yaml``, as a file mounted into the scheduler's Pod would. A version without mistakes takes
effect with the next scheduling cycle; one with mistakes changes nothing, and an Event on the ConfigMap
names them with their lines. When the ConfigMap goes, the defaults are back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.resources import CONFIG_MAPS
from webapp.scheduler.config import SchedulerConfiguration
from webapp.scheduler.config_file import ConfigurationError, parse_configuration

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.informer import InformerFactory
    from webapp.client.record import EventRecorder

NAMESPACE = "kube-system"
NAME = "kube-scheduler"
KEY = "config.yaml"

_ONLY_THIS = f"metadata.namespace={NAMESPACE},metadata.name={NAME}"


class LiveConfiguration:
    """Follows the ConfigMap.

    Attributes:
        text: The configuration in effect; "" for the defaults.
    """

    def __init__(
        self,
        informers: InformerFactory,
        events: EventRecorder,
        configure: Callable[[SchedulerConfiguration], None],
    ) -> None:
        self._informers = informers
        self._events = events
        self._configure = configure
        self.text = ""

    def start(self) -> None:
        """Follow it from now on."""
        self._informers.informer(CONFIG_MAPS, _ONLY_THIS).add_handler(
            on_add=self._read,
            on_update=lambda _, new: self._read(new),
            on_delete=lambda _: self._put("", SchedulerConfiguration()),
        )
        self._informers.start()

    def _read(self, config_map: JSONObject) -> None:
        text = (config_map.get("data") or {}).get(KEY)
        if text is None:
            self._refuse(config_map, f'data has no key "{KEY}"')
            return
        if text == self.text:
            return
        try:
            config = parse_configuration(text)
        except ConfigurationError as error:
            self._refuse(config_map, "; ".join(str(error).splitlines()))
            return
        self._put(text, config)
        names = ", ".join(profile.scheduler_name for profile in config.profiles)
        message = f"Scheduler configuration is in effect, profiles: {names}"
        self._events.event(config_map, "Normal", "ConfigurationApplied", message)

    def _put(self, text: str, config: SchedulerConfiguration) -> None:
        self.text = text
        self._configure(config)

    def _refuse(self, config_map: JSONObject, problems: str) -> None:
        message = f"Scheduler configuration refused, the one before stays in effect: {problems}"
        self._events.event(config_map, "Warning", "ConfigurationRefused", message)


def config_map_manifest(text: str) -> JSONObject:
    """The ConfigMap that holds a configuration."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"namespace": NAMESPACE, "name": NAME},
        "data": {KEY: text},
    }
