"""rollout, autoscale, create job --from, wait and delete by real kubectl."""

from __future__ import annotations

import pytest

from tests.api.conftest import eventually

pytestmark = pytest.mark.api

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  progressDeadlineSeconds: 20
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: web, image: "nginx:1.27", resources: {requests: {cpu: 50m}}}]
"""
CRON_JOB = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: report}
spec:
  schedule: "0 0 1 1 *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: main, image: "busybox:1.37", command: [sh, -c, "echo done"]}]
"""
STATEFUL_SET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 2
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: db, image: "nginx:1.27"}]
"""


def image_of(kubectl, resource):
    spec = kubectl.json("get", resource)["spec"]["template"]["spec"]
    return spec["containers"][0]["image"]


def test_rollout_undo_goes_back_to_any_revision(kubectl):
    """history shows the revisions with their causes; undo renumbers the one it goes back to."""
    kubectl("apply", "-f", "-", manifest=DEPLOYMENT)
    kubectl("rollout", "status", "deploy/web", "--timeout=30s")
    for image in ("nginx:1.28", "nginx:1.29"):
        kubectl("set", "image", "deploy/web", f"web={image}")
        kubectl("annotate", "deploy/web", f"kubernetes.io/change-cause={image}", "--overwrite")
        kubectl("rollout", "status", "deploy/web", "--timeout=30s")
    history = kubectl("rollout", "history", "deploy/web").splitlines()
    assert history[:2] == ["deployment.apps/web ", "REVISION  CHANGE-CAUSE"]
    assert [line.split() for line in history[2:] if line] == [
        ["1", "<none>"],
        ["2", "nginx:1.28"],
        ["3", "nginx:1.29"],
    ]
    assert "nginx:1.28" in kubectl("rollout", "history", "deploy/web", "--revision=2")

    told = kubectl("rollout", "undo", "deploy/web", "--to-revision=1")
    assert told == "deployment.apps/web rolled back\n"
    kubectl("rollout", "status", "deploy/web", "--timeout=30s")
    assert image_of(kubectl, "deploy/web") == "nginx:1.27"
    numbers = [
        line.split()[0] for line in kubectl("rollout", "history", "deploy/web").splitlines()[2:-1]
    ]
    assert numbers == ["2", "3", "4"]
    failed = kubectl.run("rollout", "undo", "deploy/web", "--to-revision=1")
    assert failed.code == 1
    assert "unable to find specified revision 1 in history" in failed.err


def test_a_rollout_that_cannot_finish_is_told_and_undone(kubectl):
    """status fails when the deadline has passed; the old Pods served all the time."""
    kubectl("apply", "-f", "-", manifest=DEPLOYMENT)
    kubectl("rollout", "status", "deploy/web", "--timeout=30s")
    kubectl("set", "image", "deploy/web", "web=doesnotexist:1")
    failed = kubectl.run("rollout", "status", "deploy/web", "--timeout=35s")
    assert failed.code == 1
    assert 'error: deployment "web" exceeded its progress deadline' in failed.err
    assert kubectl.json("get", "deploy/web")["status"]["availableReplicas"] == 3

    kubectl("rollout", "undo", "deploy/web")
    kubectl("rollout", "status", "deploy/web", "--timeout=30s")
    assert image_of(kubectl, "deploy/web") == "nginx:1.27"


def test_a_paused_rollout_gathers_changes(kubectl):
    """pause, two changes, resume: one new revision."""
    kubectl("apply", "-f", "-", manifest=DEPLOYMENT)
    kubectl("rollout", "status", "deploy/web", "--timeout=30s")
    assert kubectl("rollout", "pause", "deploy/web") == "deployment.apps/web paused\n"
    kubectl("set", "image", "deploy/web", "web=nginx:1.28")
    kubectl("set", "resources", "deploy/web", "--requests=cpu=60m")
    failed = kubectl.run("rollout", "undo", "deploy/web", "--to-revision=1")
    assert "you cannot rollback a paused deployment" in failed.err
    assert kubectl("rollout", "resume", "deploy/web") == "deployment.apps/web resumed\n"
    kubectl("rollout", "status", "deploy/web", "--timeout=30s")
    assert len(kubectl.json("get", "rs")["items"]) == 2


def test_a_stateful_set_rolls_back_through_its_revisions(kubectl):
    """rollout status, undo and restart."""
    kubectl("apply", "-f", "-", manifest=STATEFUL_SET)
    kubectl("rollout", "status", "statefulset/db", "--timeout=30s")
    kubectl("set", "image", "statefulset/db", "db=nginx:1.28")
    done = kubectl("rollout", "status", "statefulset/db", "--timeout=35s")
    assert "roll out complete: 2 new pods have been updated" in done
    assert "rolled back" in kubectl("rollout", "undo", "statefulset/db")
    kubectl("rollout", "status", "statefulset/db", "--timeout=35s")
    assert image_of(kubectl, "statefulset/db") == "nginx:1.27"
    assert "restarted" in kubectl("rollout", "restart", "statefulset/db")
    kubectl("rollout", "status", "statefulset/db", "--timeout=35s")


def test_a_job_is_made_from_a_cron_job_and_waited_for(kubectl):
    """Owned by the CronJob, run at once, and deleted with it."""
    kubectl("apply", "-f", "-", manifest=CRON_JOB)
    assert kubectl("create", "job", "now", "--from=cronjob/report") == "job.batch/now created\n"
    done = kubectl("wait", "--for=condition=complete", "job/now", "--timeout=30s")
    assert done == "job.batch/now condition met\n"
    assert kubectl("logs", "job/now") == "done\n"
    metadata = kubectl.json("get", "job/now")["metadata"]
    assert metadata["annotations"]["cronjob.kubernetes.io/instantiate"] == "manual"
    assert metadata["ownerReferences"][0]["name"] == "report"

    kubectl("delete", "cronjob", "report")
    eventually(lambda: kubectl("get", "jobs,pods", "-o", "name") == "")


def test_wait_knows_conditions_fields_creation_and_deletion(kubectl):
    """And fails in its own words when time is up."""
    kubectl("apply", "-f", "-", manifest=DEPLOYMENT)
    kubectl("wait", "--for=create", "deploy/web", "--timeout=10s")
    kubectl("wait", "--for=condition=Available", "deploy/web", "--timeout=30s")
    kubectl("wait", "--for=jsonpath={.status.readyReplicas}=3", "deploy/web", "--timeout=30s")
    kubectl("wait", "--for=condition=Ready", "pod", "-l", "app=web", "--timeout=30s")
    late = kubectl.run("wait", "--for=condition=Ready=false", "deploy/web", "--timeout=1s")
    assert late.code == 1
    assert "error: timed out waiting for the condition on deployments/web" in late.err

    kubectl("delete", "deploy", "web", "--cascade=foreground", "--wait=false")
    kubectl("wait", "--for=delete", "pod", "-l", "app=web", "--timeout=30s")
    kubectl("wait", "--for=delete", "deploy/web", "--timeout=30s")


def test_autoscale_makes_an_autoscaler_in_both_versions(kubectl):
    """The command, its columns, and the object as autoscaling/v1 shows it."""
    kubectl("apply", "-f", "-", manifest=DEPLOYMENT)
    made = kubectl("autoscale", "deploy/web", "--min=2", "--max=5", "--cpu-percent=60")
    assert made == "horizontalpodautoscaler.autoscaling/web autoscaled\n"
    v1 = kubectl.json("get", "horizontalpodautoscalers.v1.autoscaling/web")
    assert v1["spec"]["targetCPUUtilizationPercentage"] == 60
    v2 = kubectl.json("get", "horizontalpodautoscalers.v2.autoscaling/web")
    assert v2["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 60
    header, row = kubectl("get", "hpa", "web").splitlines()
    assert header.split() == [
        "NAME", "REFERENCE", "TARGETS", "MINPODS", "MAXPODS", "REPLICAS", "AGE"
    ]  # fmt: skip
    assert row.split()[:2] == ["web", "Deployment/web"]

    patch = '{"spec": {"targetCPUUtilizationPercentage": 70}}'
    kubectl("patch", "horizontalpodautoscalers.v1.autoscaling/web", "-p", patch)
    v2 = kubectl.json("get", "hpa/web")
    assert v2["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 70


def test_quotas_and_selectors_are_refused_in_words(kubectl):
    """What cannot be is told at once, with the field."""
    bad = DEPLOYMENT.replace("matchLabels: {app: web}", "matchLabels: {app: other}")
    failed = kubectl.run("apply", "-f", "-", manifest=bad)
    assert "`selector` does not match template `labels`" in failed.err
    failed = kubectl.run("create", "quota", "q", "--hard=requests.cpu=-1")
    assert "must be greater than or equal to 0" in failed.err
    failed = kubectl.run("create", "quota", "q", "--hard=pods=1.5")
    assert "must be an integer" in failed.err
    failed = kubectl.run("create", "quota", "q", "--hard=requests.cpu=1", "--scopes=BestEffort")
    assert "unsupported scope applied to resource" in failed.err
