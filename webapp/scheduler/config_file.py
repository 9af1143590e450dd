"""KubeSchedulerConfiguration as YAML, turned into a :class:`SchedulerConfiguration`.

A text enters; it is taken whole or refused whole, with the line of each mistake. Whoever has a
configuration already keeps it then.

Models:
    pkg/scheduler/apis/config/v1/default_plugins.go mergePlugins
    pkg/scheduler/apis/config/validation/validation.go ValidateKubeSchedulerConfiguration
    pkg/scheduler/apis/config/validation/validation_pluginargs.go
    Deviation: extenders, added node affinity and other resources for balance are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

from webapp.scheduler.config import (
    DEFAULT_PLUGINS,
    DEFAULT_SCHEDULER_NAME,
    POINTS,
    PluginEntry,
    Profile,
    SchedulerConfiguration,
)
from webapp.scheduler.framework.allocation import (
    LEAST_ALLOCATED,
    MAX_SHAPE_SCORE,
    MOST_ALLOCATED,
    REQUESTED_TO_CAPACITY_RATIO,
    ScoringStrategy,
)
from webapp.scheduler.framework.interface import PreFilterPlugin, PreScorePlugin
from webapp.scheduler.plugins.pod_topology_spread import DefaultConstraint
from webapp.scheduler.plugins.registry import PLUGIN_CLASSES, REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Path: TypeAlias = tuple[str | int, ...]

_API_VERSION = "kubescheduler.config.k8s.io/v1"
_KIND = "KubeSchedulerConfiguration"
_ALL = "*"
_MULTI_POINT = "multiPoint"
_PERCENT = 100
_FIELDS = (
    "apiVersion",
    "kind",
    "percentageOfNodesToScore",
    "podInitialBackoffSeconds",
    "podMaxBackoffSeconds",
    "profiles",
)
_WITHOUT_EFFECT = (
    "clientConnection",
    "delayCacheUntilActive",
    "enableContentionProfiling",
    "enableProfiling",
    "leaderElection",
    "parallelism",
)


class ConfigurationError(Exception):
    """The text is no configuration.

    Attributes:
        problems: Pairs of (line, what is wrong there), in order of lines.
    """

    def __init__(self, problems: Sequence[tuple[int, str]]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(f"line {line}: {text}" for line, text in self.problems))


def parse_configuration(text: str) -> SchedulerConfiguration:
    """Read a configuration.

    Raises:
        ConfigurationError: It has mistakes.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError([(line, error.problem or "this is not YAML")]) from error
    reader = _Reader(root)
    config = reader.configuration(content)
    if reader.problems:
        raise ConfigurationError(reader.problems)
    return config


class _Reader:
    """One pass over one text; collects the mistakes."""

    def __init__(self, root: Any) -> None:
        self._lines: dict[Path, int] = {}
        self.problems: list[tuple[int, str]] = []
        self._note_lines((), root)

    def _note_lines(self, path: Path, node: Any) -> None:
        if node is None:
            return
        self._lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                own = (*path, key.value)
                self._note_lines(own, value)
                self._lines[own] = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode):
            for place, value in enumerate(node.value):
                self._note_lines((*path, place), value)

    def _problem(self, path: Path, text: str) -> None:
        known = path
        while known and known not in self._lines:
            known = known[:-1]
        name = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in path)
        prefix = f"{name.lstrip('.')}: " if path else ""
        self.problems.append((self._lines.get(known, 1), prefix + text))

    # --- checked pieces ---------------------------------------------------------------------

    def _mapping(self, path: Path, value: Any, fields: Sequence[str]) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._problem(path, f"Invalid value: {value!r}: must be a mapping")
            return {}
        for key in value:
            if key not in fields:
                self._problem((*path, key), f'unknown field "{key}"')
        return value

    def _list(self, path: Path, value: Any) -> Sequence[Any]:
        if value is None:
            return ()
        if not isinstance(value, list):
            self._problem(path, f"Invalid value: {value!r}: must be a list")
            return ()
        return value

    def _number(self, path: Path, value: Any, default: int, least: int, most: int) -> int:
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            self._problem(path, f"Invalid value: {value!r}: must be a whole number")
            return default
        if not least <= value <= most:
            self._problem(path, f"Invalid value: {value}: not in valid range [{least}-{most}]")
            return default
        return value

    def _word(self, path: Path, value: Any, supported: Sequence[str]) -> str:
        if value not in supported:
            words = ", ".join(f'"{word}"' for word in supported)
            self._problem(path, f'Unsupported value: "{value}": supported values: {words}')
            return supported[0]
        word: str = value
        return word

    # --- the whole --------------------------------------------------------------------------

    def configuration(self, content: Any) -> SchedulerConfiguration:
        """The configuration, of use when there are no problems."""
        given = self._mapping((), content, (*_FIELDS, *_WITHOUT_EFFECT))
        self._word(("apiVersion",), given.get("apiVersion"), (_API_VERSION,))
        self._word(("kind",), given.get("kind"), (_KIND,))
        initial = self._number(
            ("podInitialBackoffSeconds",), given.get("podInitialBackoffSeconds"), 1, 1, 2**31 - 1
        )
        longest = self._number(
            ("podMaxBackoffSeconds",), given.get("podMaxBackoffSeconds"), 10, 1, 2**31 - 1
        )
        if longest < initial:
            text = f"Invalid value: {longest}: must be greater than or equal to PodInitialBackoffSeconds"
            self._problem(("podMaxBackoffSeconds",), text)
        percentage = self._percentage((), given)
        profiles = [
            self._profile(("profiles", place), one)
            for place, one in enumerate(self._list(("profiles",), given.get("profiles")))
        ] or [Profile()]
        names = [profile.scheduler_name for profile in profiles]
        for place, name in enumerate(names):
            if name in names[:place]:
                self._problem(("profiles", place, "schedulerName"), f'Duplicate value: "{name}"')
            if self._sorter(profiles[place]) != self._sorter(profiles[0]):
                own = ("profiles", place, "plugins", "queueSort")
                self._problem(own, "Invalid value: has to match for all profiles")
        return SchedulerConfiguration(tuple(profiles), percentage, initial * 1000, longest * 1000)

    def _percentage(self, path: Path, given: Mapping[str, Any]) -> int:
        name = "percentageOfNodesToScore"
        return self._number((*path, name), given.get(name), 0, 0, _PERCENT)

    @staticmethod
    def _sorter(profile: Profile) -> tuple[PluginEntry, ...]:
        return profile.points.get("queueSort", ())

    def _profile(self, path: Path, content: Any) -> Profile:
        fields = ("percentageOfNodesToScore", "pluginConfig", "plugins", "schedulerName")
        given = self._mapping(path, content, fields)
        sets = self._mapping((*path, "plugins"), given.get("plugins"), (_MULTI_POINT, *POINTS))
        multi_point = (*path, "plugins", _MULTI_POINT)
        everywhere = self._merged(multi_point, sets.get(_MULTI_POINT), DEFAULT_PLUGINS)
        points = {
            point: self._merged((*path, "plugins", point), sets[point], everywhere)
            for point in POINTS
            if point in sets
        }
        self._check_pairs(path, everywhere, points)
        return Profile(
            given.get("schedulerName") or DEFAULT_SCHEDULER_NAME,
            everywhere,
            points,
            self._plugin_options((*path, "pluginConfig"), given.get("pluginConfig")),
            self._percentage(path, given),
        )

    def _merged(
        self, path: Path, content: Any, defaults: tuple[PluginEntry, ...]
    ) -> tuple[PluginEntry, ...]:
        """The defaults without the disabled ones, re-weighted ones in place, new ones behind."""
        given = self._mapping(path, content, ("disabled", "enabled"))
        off = {
            self._plugin((*path, "disabled", place), one, extra=(_ALL,)).name
            for place, one in enumerate(self._list((*path, "disabled"), given.get("disabled")))
        }
        enabled: dict[str, PluginEntry] = {}
        for place, one in enumerate(self._list((*path, "enabled"), given.get("enabled"))):
            entry = self._plugin((*path, "enabled", place), one)
            if entry.name in enabled:
                self._problem((*path, "enabled", place), f'Duplicate value: "{entry.name}"')
            enabled[entry.name] = entry
        kept = [] if _ALL in off else [entry for entry in defaults if entry.name not in off]
        merged = [enabled.pop(entry.name, entry) for entry in kept]
        return (*merged, *enabled.values())

    def _plugin(self, path: Path, content: Any, extra: Sequence[str] = ()) -> PluginEntry:
        given = self._mapping(path, content, ("name", "weight"))
        name = given.get("name")
        if name not in REGISTRY and name not in extra:
            self._problem((*path, "name"), f'Invalid value: "{name}": no such plugin')
            name = _ALL
        default = next((one.weight for one in DEFAULT_PLUGINS if one.name == name), 1)
        weight = self._number((*path, "weight"), given.get("weight"), default or 1, 0, 2**31 - 1)
        return PluginEntry(str(name), weight or 1)

    def _check_pairs(
        self,
        path: Path,
        everywhere: tuple[PluginEntry, ...],
        points: Mapping[str, tuple[PluginEntry, ...]],
    ) -> None:
        """What a plugin prepares at one point it needs at the next."""
        for first, base, second in (
            ("preFilter", PreFilterPlugin, "filter"),
            ("preScore", PreScorePlugin, "score"),
        ):
            before = {entry.name for entry in points.get(first, everywhere)}
            for entry in points.get(second, everywhere):
                plugin = PLUGIN_CLASSES.get(entry.name)
                if entry.name not in before and plugin is not None and issubclass(plugin, base):
                    text = f'Invalid value: "{entry.name}": needs {first} as well'
                    self._problem((*path, "plugins", second), text)

    # --- arguments of plugins ---------------------------------------------------------------

    def _plugin_options(self, path: Path, content: Any) -> dict[str, Mapping[str, Any]]:
        readers: dict[str, Callable[[Path, Any], Mapping[str, Any]]] = {
            "DefaultPreemption": self._preemption,
            "InterPodAffinity": self._pod_affinity,
            "NodeResourcesBalancedAllocation": self._balance,
            "NodeResourcesFit": self._fit,
            "PodTopologySpread": self._spread,
            "VolumeBinding": self._volume_binding,
        }
        found: dict[str, Mapping[str, Any]] = {}
        for place, one in enumerate(self._list(path, content)):
            own = (*path, place)
            given = self._mapping(own, one, ("args", "name"))
            name = given.get("name")
            if name in found:
                self._problem((*own, "name"), f'Duplicate value: "{name}"')
            elif name not in readers:
                self._problem((*own, "name"), f'Invalid value: "{name}": takes no arguments')
            else:
                found[name] = readers[name]((*own, "args"), given.get("args"))
        return found

    def _args(self, path: Path, content: Any, fields: Sequence[str]) -> Mapping[str, Any]:
        return self._mapping(path, content, ("apiVersion", "kind", *fields))

    def _preemption(self, path: Path, content: Any) -> Mapping[str, Any]:
        percentage, absolute = "minCandidateNodesPercentage", "minCandidateNodesAbsolute"
        given = self._args(path, content, (percentage, absolute))
        least = self._number((*path, absolute), given.get(absolute), 100, 0, 2**31 - 1)
        share = self._number((*path, percentage), given.get(percentage), 10, 0, _PERCENT)
        if not least and not share:
            self._problem(path, f"Invalid value: {percentage} and {absolute} are both zero")
        return {"least_percentage": share, "least_candidates": least}

    def _pod_affinity(self, path: Path, content: Any) -> Mapping[str, Any]:
        weight, ignores = "hardPodAffinityWeight", "ignorePreferredTermsOfExistingPods"
        given = self._args(path, content, (weight, ignores))
        return {
            "hard_weight": self._number((*path, weight), given.get(weight), 1, 0, _PERCENT),
            "ignores_preferences_of_existing": bool(given.get(ignores)),
        }

    def _volume_binding(self, path: Path, content: Any) -> Mapping[str, Any]:
        timeout = "bindTimeoutSeconds"
        given = self._args(path, content, (timeout,))
        seconds = self._number((*path, timeout), given.get(timeout), 600, 0, 2**31 - 1)
        return {"bind_timeout_ms": seconds * 1000}

    def _balance(self, path: Path, content: Any) -> Mapping[str, Any]:
        given = self._args(path, content, ("resources",))
        resources = self._resources((*path, "resources"), given.get("resources"))
        if resources and resources != ScoringStrategy().resources:
            text = "Invalid value: only cpu and memory, of weight 1, are supported"
            self._problem((*path, "resources"), text)
        return {}

    def _fit(self, path: Path, content: Any) -> Mapping[str, Any]:
        given = self._args(
            path, content, ("ignoredResourceGroups", "ignoredResources", "scoringStrategy")
        )
        options: dict[str, Any] = {}
        for field, option in (
            ("ignoredResources", "ignored"),
            ("ignoredResourceGroups", "ignored_groups"),
        ):
            names = self._list((*path, field), given.get(field))
            options[option] = frozenset(str(name) for name in names)
        if given.get("scoringStrategy") is not None:
            own = (*path, "scoringStrategy")
            options["strategy"] = self._strategy(own, given["scoringStrategy"])
        return options

    def _strategy(self, path: Path, content: Any) -> ScoringStrategy:
        given = self._mapping(path, content, ("requestedToCapacityRatio", "resources", "type"))
        types = (LEAST_ALLOCATED, MOST_ALLOCATED, REQUESTED_TO_CAPACITY_RATIO)
        strategy = ScoringStrategy(self._word((*path, "type"), given.get("type"), types))
        resources = self._resources((*path, "resources"), given.get("resources"))
        if resources:
            strategy = strategy._replace(resources=resources)
        if strategy.type == REQUESTED_TO_CAPACITY_RATIO:
            own = (*path, "requestedToCapacityRatio")
            ratio = self._mapping(own, given.get("requestedToCapacityRatio"), ("shape",))
            shape = self._shape((*own, "shape"), ratio.get("shape"))
            strategy = strategy._replace(shape=shape)
        return strategy

    def _resources(self, path: Path, content: Any) -> tuple[tuple[str, int], ...]:
        found = []
        for place, one in enumerate(self._list(path, content)):
            given = self._mapping((*path, place), one, ("name", "weight"))
            weight = self._number((*path, place, "weight"), given.get("weight"), 1, 1, _PERCENT)
            found.append((str(given.get("name")), weight))
        return tuple(found)

    def _shape(self, path: Path, content: Any) -> tuple[tuple[int, int], ...]:
        points: list[tuple[int, int]] = []
        for place, one in enumerate(self._list(path, content)):
            own = (*path, place)
            given = self._mapping(own, one, ("score", "utilization"))
            used = (*own, "utilization")
            utilization = self._number(used, given.get("utilization"), 0, 0, _PERCENT)
            score = self._number((*own, "score"), given.get("score"), 0, 0, MAX_SHAPE_SCORE)
            if points and utilization <= points[-1][0]:
                text = f"Invalid value: {utilization}: utilization values must be sorted in increasing order"
                self._problem(used, text)
            points.append((utilization, score))
        if not points:
            self._problem(path, "Required value: at least one point must be specified")
        return tuple(points)

    def _spread(self, path: Path, content: Any) -> Mapping[str, Any]:
        given = self._args(path, content, ("defaultConstraints", "defaultingType"))
        kind = given.get("defaultingType") or "System"
        kind = self._word((*path, "defaultingType"), kind, ("System", "List"))
        own = (*path, "defaultConstraints")
        constraints = self._list(own, given.get("defaultConstraints"))
        if kind == "System":
            if constraints:
                text = 'Invalid value: when .defaultingType is "System" must be empty'
                self._problem(own, text)
            return {}
        defaults = []
        for place, one in enumerate(constraints):
            at = (*own, place)
            fields = ("maxSkew", "topologyKey", "whenUnsatisfiable")
            constraint = self._mapping(at, one, fields)
            skew = self._number((*at, "maxSkew"), constraint.get("maxSkew"), 0, 1, 2**31 - 1)
            if not constraint.get("topologyKey"):
                self._problem((*at, "topologyKey"), "Required value: can not be empty")
            action = self._word(
                (*at, "whenUnsatisfiable"),
                constraint.get("whenUnsatisfiable"),
                ("DoNotSchedule", "ScheduleAnyway"),
            )
            key = str(constraint.get("topologyKey"))
            defaults.append(DefaultConstraint(key, skew, action))
        return {"defaults": tuple(defaults), "system_defaulted": False}
