"""``kubectl top`` against a running server."""

from __future__ import annotations


def test_top_knows_the_metrics_api(newest_kubectl):
    """A Pod that nobody knows has no metrics, and metrics-server's words say so."""
    missing = newest_kubectl.run("top", "pod", "nosuch")

    assert missing.code == 1
    namespace = newest_kubectl.namespace
    assert f'podmetrics.metrics.k8s.io "{namespace}/nosuch" not found' in missing.err


def test_metrics_server_stands_among_the_api_services(newest_kubectl):
    """It is available, and everything else is served locally."""
    table = newest_kubectl("get", "apiservices")

    assert "v1beta1.metrics.k8s.io" in table
    assert "kube-system/metrics-server   True" in table
