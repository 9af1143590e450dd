"""``podarium why`` tells the scheduler's attempts as text."""

from webapp.cli.why import lines_of

SCORES = [
    {"plugin": "TaintToleration", "raw": 0, "normalized": 100, "weight": 3, "weighted": 300},
    {"plugin": "NodeResourcesFit", "raw": 80, "normalized": 80, "weight": 1, "weighted": 80},
]


def node(name, *, fits=True, plugin="", reason="", scores=(), total=0):
    """What an attempt found about a Node."""
    scores = list(scores)
    return {
        "name": name,
        "fits": fits,
        "plugin": plugin,
        "reason": reason,
        "scores": scores,
        "total": total,
    }


def attempt(**fields):
    """One attempt."""
    empty = {
        "attempt": 1,
        "at": 0,
        "total": 2,
        "notLookedAt": 0,
        "filters": [],
        "nodes": [],
        "chosen": "",
        "tieBreak": [],
        "message": "",
        "preemption": None,
    }
    return {**empty, **fields}


def explained(*attempts, would_fit=(), queue=None, dropped=0):
    """A server's answer."""
    scheduling = {
        "podUid": "u",
        "dropped": dropped,
        "queue": queue,
        "attempts": list(attempts),
        "wouldFit": list(would_fit),
    }
    return {"pod": {"namespace": "default", "name": "web"}, "scheduling": scheduling}


def test_scores_stand_in_a_table_with_the_best_node_first():
    """Weighted, then raw, normalised and weight; refused Nodes with plugin and reason."""
    refused = node("n1", fits=False, plugin="NodeResourcesFit", reason="Insufficient cpu")
    chosen = attempt(
        nodes=[refused, node("n2", scores=SCORES, total=380)],
        chosen="n2",
        tieBreak=["n2", "n3"],
        notLookedAt=7,
    )

    assert list(lines_of(explained(chosen))) == [
        "Pod default/web: goes to Node n2",
        "",
        "Attempt 1 chose n2",
        "  NODE  VERDICT                             SUM  TaintToleration  NodeResourcesFit",
        "  n2    fits                                380  300 (0→100*3)    80 (80→80*1)",
        "  n1    NodeResourcesFit: Insufficient cpu",
        "  7 Nodes were not looked at: enough others fitted.",
        "  Equal sums on n2, n3: chosen by a hash of the run's seed and the Pod's UID.",
    ]


def test_what_would_make_a_waiting_pod_fit_comes_last():
    """After the attempts, where it waits."""
    refused = node("n1", fits=False, plugin="TaintToleration", reason="tainted")
    change = {"change": "tolerate taint a:NoSchedule", "nodes": ["n1"], "count": 3}
    queue = {"lane": "unschedulable", "until": 0, "plugins": ["TaintToleration"]}
    text = list(
        lines_of(
            explained(
                attempt(nodes=[refused], message="0/1 …"),
                would_fit=[change],
                queue=queue,
                dropped=4,
            )
        )
    )

    assert "4 older attempts are not kept any more." in text
    assert text[-4:] == [
        "It waits until something changes that may help. (last refused by TaintToleration)",
        "",
        "It would fit with one of these:",
        "  - tolerate taint a:NoSchedule  (on n1 and 2 more)",
    ]


def test_victims_are_named_with_the_rule_that_chose_their_node():
    """The chosen Node is marked; budgets that would be violated are counted."""
    candidates = [
        {"node": "n1", "victims": ["default/a"], "priorities": [5], "violations": 0},
        {"node": "n2", "victims": ["default/b"], "priorities": [9], "violations": 1},
    ]
    preemption = {
        "chosen": "n1",
        "decidedBy": "fewest violated disruption budgets",
        "candidates": candidates,
        "candidatesLeftOut": 2,
    }

    text = list(lines_of(explained(attempt(preemption=preemption))))

    assert text[-4:] == [
        "  Room is made on n1: fewest violated disruption budgets.",
        "   * n1: would evict default/a (priority 5)",
        "     n2: would evict default/b (priority 9); violates budgets 1 times",
        "     … and 2 more candidates, not kept",
    ]


def test_a_pod_that_was_never_tried_is_said_to_be_so():
    """There is nothing to tell."""
    explanation = {"pod": {"namespace": "a", "name": "b"}, "scheduling": None}

    assert list(lines_of(explanation)) == ["Pod a/b: the scheduler has not tried it."]
