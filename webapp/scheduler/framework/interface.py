"""The extension points and what plugins answer with.

A filter or score plugin is asked about many Nodes at once: it gets the node table and rows of it,
and returns an array in the order of the rows. A verdict is a number: 0 fits, any other one is the
plugin's own code, which :meth:`FilterPlugin.verdict` turns into a :class:`Status` with upstream's
words when somebody wants to read it. A plugin's :class:`Scope` says what its answers depend on
besides the Pod; the runtime keeps answers and asks again only for the rows that changed.

Models:
    staging/src/k8s.io/kube-scheduler/framework/interface.go
    Deviation: arrays over Nodes instead of one call a Node; no Wait from Permit; PreBind is asked again instead of blocking.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

import numpy as np

from webapp.scheduler.framework.listers import Listers
from webapp.scheduler.framework.nominator import Nominator
from webapp.scheduler.framework.volumes import Volumes

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from webapp.apimachinery.meta import JSONObject
    from webapp.client.rest import RESTClient
    from webapp.scheduler.framework.arrays import BoolArray, IntArray, Rows
    from webapp.scheduler.framework.cycle_state import CycleState
    from webapp.scheduler.framework.node_table import NodeTable
    from webapp.scheduler.framework.types import (
        ClusterEventWithHint,
        PodInfo,
        QueuedPodInfo,
    )

MAX_NODE_SCORE = 100


class Code(IntEnum):
    """How an extension point ended."""

    SUCCESS = 0
    ERROR = 1
    UNSCHEDULABLE = 2
    UNSCHEDULABLE_AND_UNRESOLVABLE = 3
    WAIT = 4
    SKIP = 5


@dataclass(frozen=True, slots=True)
class Status:
    """A plugin's answer.

    Attributes:
        code: How it ended.
        reasons: Upstream's words, one or several.
        plugin: Who said so.
    """

    code: Code
    reasons: tuple[str, ...] = ()
    plugin: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the Pod may go on."""
        return self.code is Code.SUCCESS

    @property
    def is_rejected(self) -> bool:
        """Whether the Pod was refused, as opposed to an error."""
        return self.code in (Code.UNSCHEDULABLE, Code.UNSCHEDULABLE_AND_UNRESOLVABLE)

    @property
    def message(self) -> str:
        """The reasons as one text."""
        return ", ".join(self.reasons)


SUCCESS = Status(Code.SUCCESS)
SKIP = Status(Code.SKIP)
WAIT = Status(Code.WAIT)
"""Of PreBind: ask again in a second."""


class Scope(Enum):
    """What a plugin's answers depend on besides the Pod.

    NODE: the row's Node object. USAGE: also the Pods on that Node. NODES: all Node objects.
    CLUSTER: Pods anywhere; asked in each cycle (:class:`ClusterFilterPlugin`,
    :class:`ClusterScorePlugin`).
    """

    NODE = "node"
    USAGE = "usage"
    NODES = "nodes"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True)
class Handle:
    """What plugins are built with.

    Attributes:
        client: Writes to the API.
        nodes: The node table of the scheduler's cache.
        listers: Other objects.
        nominator: Pods that wait for room made for them.
        latest_pod: ``namespace/name`` → the newest version that informers know, or ``None``.
        evict: Called with (victims, the Pod that they make room for, Node name, why there).
        chance: Text → a number that depends on the text and the run's seed.
        volumes: Storage.
        now_ms: Virtual time.
    """

    client: RESTClient
    nodes: NodeTable
    listers: Listers = field(default_factory=Listers)
    nominator: Nominator = field(default_factory=Nominator)
    latest_pod: Callable[[str], JSONObject | None] = lambda _: None
    evict: Callable[[Sequence[PodInfo], PodInfo, str, str], None] = lambda *_: None
    chance: Callable[[str], int] = lambda _: 0
    volumes: Volumes = field(default_factory=Volumes)
    now_ms: Callable[[], int] = lambda: 0


class Plugin:
    """Base of all plugins.

    Attributes:
        name: Upstream's name.
        looks_at_volumes_only: Whether it signs Pods without claims and disks all alike.
    """

    name: ClassVar[str]
    looks_at_volumes_only: ClassVar[bool] = False

    def sign(self, pod: PodInfo) -> Hashable:  # noqa: ARG002  # the answer of a plugin that looks at no Pod
        """What this plugin looks at in a Pod; Pods that all plugins sign alike share verdicts.

        Models:
            staging/src/k8s.io/kube-scheduler/framework/interface.go SignPlugin
        """
        return None

    def events_to_register(self) -> Sequence[ClusterEventWithHint]:
        """Events after which a Pod that this plugin refused may fit."""
        return ()


class PreEnqueuePlugin(Plugin):
    """May keep a Pod out of the active queue."""

    def pre_enqueue(self, pod: PodInfo) -> Status:
        """Whether the Pod may be tried."""
        raise NotImplementedError


class QueueSortPlugin(Plugin):
    """Orders the active queue."""

    def sort_key(self, queued: QueuedPodInfo) -> tuple[int, ...]:
        """Smaller comes first."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class PreFilterResult:
    """A PreFilter's answer.

    Attributes:
        status: SUCCESS, SKIP (the Filter has nothing to do) or a refusal of all Nodes.
        node_names: The only Nodes to look at, or ``None`` for all.
    """

    status: Status = SUCCESS
    node_names: frozenset[str] | None = None


class PreFilterPlugin(Plugin):
    """Looks at the Pod once before the Nodes are filtered."""

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: NodeTable) -> PreFilterResult:
        """Prepare, narrow down, skip or refuse."""
        raise NotImplementedError


class FilterPlugin(Plugin):
    """Says which Nodes cannot take the Pod.

    Attributes:
        scope: What its verdicts depend on.
    """

    scope: ClassVar[Scope]

    def filter(
        self, state: CycleState, pod: PodInfo, nodes: NodeTable, rows: Rows
    ) -> IntArray | None:
        """Codes in the order of ``rows``, 0 where the Pod fits; ``None`` when it fits everywhere."""
        raise NotImplementedError

    def filter_row(self, state: CycleState, pod: PodInfo, nodes: NodeTable, row: int) -> int:
        """The code of one row; the same answer as :meth:`filter` gives."""
        codes = self.filter(state, pod, nodes, np.array((row,), np.int64))
        return 0 if codes is None else int(codes[0])

    def verdict(self, state: CycleState, code: int) -> Status:
        """What a code other than 0 means."""
        raise NotImplementedError


class Domains(NamedTuple):
    """Pods counted by a Node label: triples of (value, Pods, whether the Pod may go there), sorted."""

    topology_key: str
    counts: tuple[tuple[str, int, bool], ...]


class ClusterFilterPlugin(FilterPlugin):
    """A filter whose verdicts depend on Pods anywhere; it keeps what it needs to answer quickly."""

    scope = Scope.CLUSTER

    def refilter(
        self, state: CycleState, pod: PodInfo, nodes: NodeTable, codes: IntArray | None
    ) -> tuple[IntArray | None, IntArray]:
        """The codes of all rows now, and the rows where they differ from ``codes``.

        Args:
            state: The class's, where the plugin keeps what it has counted.
            pod: The Pod.
            nodes: The table.
            codes: The answer given last for this state; ``None`` before, and when all fitted.
        """
        raise NotImplementedError

    def filter(
        self, state: CycleState, pod: PodInfo, nodes: NodeTable, rows: Rows
    ) -> IntArray | None:
        """The codes of some rows, of the counts as they are."""
        wanted = np.arange(nodes.size)[rows].tolist()
        return np.array([self.filter_row(state, pod, nodes, row) for row in wanted], np.int64)

    def filter_row(self, state: CycleState, pod: PodInfo, nodes: NodeTable, row: int) -> int:
        """The code of one row, of the counts as they are."""
        raise NotImplementedError

    def domains(self, state: CycleState, pod: PodInfo, nodes: NodeTable) -> list[Domains]:  # noqa: ARG002  # most count nothing
        """What was counted by the values of a Node label, for people; at most 50 domains each."""
        return []

    def is_idle(self, state: CycleState, pod: PodInfo, nodes: NodeTable) -> bool:  # noqa: ARG002  # most have something to say
        """Whether it refuses no Node, and would refuse none if Pods left."""
        return False


class Judge(Protocol):
    """Asks all filters about one Pod and one Node after the other, as the table is at that moment."""

    def status(self, row: int) -> Status:
        """SUCCESS, or the first refusal in words."""

    def fits(self, row: int) -> bool:
        """Whether all let the Pod pass."""

    def looks_at_resources_only(self, rows: IntArray) -> BoolArray:
        """Whether the answers hang on nothing but CPU, memory, storage and the number of Pods."""


@dataclass(frozen=True, slots=True)
class RefusedNodes:
    """Nodes that one plugin refused for the same reasons.

    Attributes:
        status: The plugin's words.
        rows: Their rows in the node table.
    """

    status: Status
    rows: IntArray


class Harm(NamedTuple):
    """What evicting some Pods would do; of two, the smaller one is preferred, field by field.

    Attributes:
        violations: How many of them a disruption budget protects.
        highest: Priority of the most important one.
        priorities: Sum of their priorities, shifted so that none is negative.
        victims: How many they are.
        earliest_start: When the first of the most important ones started; here later is better.
    """

    violations: int
    highest: int
    priorities: int
    victims: int
    earliest_start: str


class Candidate(NamedTuple):
    """A Node with the Pods that would have to leave it.

    Attributes:
        node_name: The Node.
        victims: Most important first.
        harm: What their eviction would do.
    """

    node_name: str
    victims: tuple[PodInfo, ...]
    harm: Harm

    @property
    def violations(self) -> int:
        """How many victims a disruption budget protects."""
        return self.harm.violations


@dataclass(frozen=True, slots=True)
class PostFilterResult:
    """A PostFilter's answer.

    Attributes:
        status: SUCCESS when room will be made, else a refusal with its message.
        nominated_node: The Node where room is made; "" clears an earlier one; ``None`` keeps it.
        candidates: Nodes where room could be made, with the Pods that would have to leave.
        decided_by: The rule by which one of them was chosen.
    """

    status: Status
    nominated_node: str | None = None
    candidates: tuple[Candidate, ...] = ()
    decided_by: str = ""


class PostFilterPlugin(Plugin):
    """Tries to make room when no Node fits."""

    def post_filter(
        self,
        state: CycleState,
        pod: PodInfo,
        nodes: NodeTable,
        refused: Sequence[RefusedNodes],
        judge: Judge,
    ) -> PostFilterResult:
        """Make room.

        Args:
            state: The class's.
            pod: The Pod.
            nodes: The table; whoever changes it to try something puts it back.
            refused: The Nodes with an own verdict; all others cannot be helped.
            judge: Asks the filters about the Pod.
        """
        raise NotImplementedError


class PreScorePlugin(Plugin):
    """Looks at the Pod once before the Nodes are scored."""

    def pre_score(self, state: CycleState, pod: PodInfo, nodes: NodeTable) -> Status:
        """SUCCESS, or SKIP when the Score has nothing to say."""
        raise NotImplementedError


class ScorePlugin(Plugin):
    """Says how well a Node suits.

    Attributes:
        scope: What its raw scores depend on.
        normalizes: Whether raw scores are brought to 0 to 100 by :meth:`normalize`.
    """

    scope: ClassVar[Scope]
    normalizes: ClassVar[bool] = False

    def score(
        self, state: CycleState, pod: PodInfo, nodes: NodeTable, rows: Rows
    ) -> IntArray | int:
        """Raw scores in the order of ``rows``, or one number that holds for all of them."""
        raise NotImplementedError

    def score_row(self, state: CycleState, pod: PodInfo, nodes: NodeTable, row: int) -> int:
        """The raw score of one row; the same answer as :meth:`score` gives."""
        scores = self.score(state, pod, nodes, np.array((row,), np.int64))
        return scores if isinstance(scores, int) else int(scores[0])

    def normalize(self, state: CycleState, scores: IntArray) -> IntArray:  # noqa: ARG002  # most plugins need none
        """Raw scores of the Nodes that fit, brought to 0 to 100."""
        return scores


class ClusterScorePlugin(ScorePlugin):
    """A score that depends on Pods anywhere, and on which other Nodes fit."""

    scope = Scope.CLUSTER
    normalizes = True

    def score_fitting(
        self, state: CycleState, pod: PodInfo, nodes: NodeTable, rows: Rows, count: int
    ) -> IntArray | int:
        """Raw scores of the Nodes that fit (``count`` of them), or one number for all of them."""
        raise NotImplementedError


class ReservePlugin(Plugin):
    """Keeps something for the Pod on the chosen Node."""

    def reserve(self, state: CycleState, pod: PodInfo, node_name: str) -> Status:
        """Keep it."""
        raise NotImplementedError

    def unreserve(self, state: CycleState, pod: PodInfo, node_name: str) -> None:
        """Give it back; called even when nothing was kept."""
        raise NotImplementedError


class PermitPlugin(Plugin):
    """Has the last word before binding."""

    def permit(self, state: CycleState, pod: PodInfo, node_name: str) -> Status:
        """Allow or refuse."""
        raise NotImplementedError


class PreBindPlugin(Plugin):
    """Does what must be done before the binding is written."""

    def pre_bind(self, state: CycleState, pod: PodInfo, node_name: str) -> Status:
        """Do it; WAIT when it is not done yet."""
        raise NotImplementedError


class BindPlugin(Plugin):
    """Writes the binding."""

    def bind(self, state: CycleState, pod: PodInfo, node_name: str) -> Status:
        """Write it; SKIP leaves it to the next plugin."""
        raise NotImplementedError


class PostBindPlugin(Plugin):
    """Hears of a written binding."""

    def post_bind(self, state: CycleState, pod: PodInfo, node_name: str) -> None:
        """Note it."""
        raise NotImplementedError


def normalize_by_maximum(scores: IntArray, *, reverse: bool) -> IntArray:
    """Scale scores so that the largest becomes 100; ``reverse`` makes it 0 instead.

    Models:
        pkg/scheduler/framework/plugins/helper/normalize_score.go DefaultNormalizeScore
    """
    largest = int(scores.max()) if len(scores) else 0
    if largest == 0:
        return np.full_like(scores, MAX_NODE_SCORE) if reverse else scores
    scaled = scores * MAX_NODE_SCORE // largest
    return MAX_NODE_SCORE - scaled if reverse else scaled
