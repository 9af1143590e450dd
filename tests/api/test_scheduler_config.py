"""``podarium serve --scheduler-config`` refuses a file with mistakes before anything runs."""

import subprocess
import sys


def test_a_configuration_with_mistakes_is_refused_with_file_and_lines(tmp_path):
    """All mistakes at once, and no server."""
    path = tmp_path / "scheduler.yaml"
    path.write_text(
        "apiVersion: kubescheduler.config.k8s.io/v1\n"
        "kind: KubeSchedulerConfiguration\n"
        "percentageOfNodesToScore: 200\n"
        "extenders: []\n"
    )

    result = subprocess.run(
        [sys.executable, "-m", "webapp", "serve", "--port", "0", "--scheduler-config", str(path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        f"podarium: {path}, line 3: percentageOfNodesToScore: "
        "Invalid value: 200: not in valid range [0-100]",
        f'{path}, line 4: extenders: unknown field "extenders"',
    ]
