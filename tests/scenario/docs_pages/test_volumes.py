"""Tasks: volumes, persistent volumes, projected volumes, and the volume a Pod's containers share."""

from __future__ import annotations

from tests.scenario.docs_pages.hands import (
    container,
    data,
    events,
    execute,
    log,
    mount,
    pod,
    run,
    sh,
    status,
)


def test_an_empty_dir_outlives_its_container(world):
    """Redis is killed from inside; it comes back, and the file is still there."""
    redis = {"name": "redis", "image": "redis", "volumeMounts": [mount("store", "/data/redis")]}
    run(world, pod("redis", redis, volumes=[{"name": "store", "emptyDir": {}}]))

    execute(world, "redis", "cd /data/redis; echo Hello > test-file; ls")
    execute(world, "redis", "kill 1")
    world.run_for(seconds=10)

    found = container(world, "redis")
    assert (found["restartCount"], found["lastState"]["terminated"]["reason"]) == (1, "Completed")
    assert execute(world, "redis", "cat /data/redis/test-file") == "Hello\n"


def claim(name="task-claim", **spec):
    """A claim of three gigabytes."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "storageClassName": "manual",
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "3Gi"}},
            **spec,
        },
    }


def persistent_volume():
    """Ten gigabytes in a directory of a Node."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": "task-volume", "labels": {"type": "local"}},
        "spec": {
            "storageClassName": "manual",
            "capacity": {"storage": "10Gi"},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": "/mnt/data"},
        },
    }


def test_a_page_on_a_persistent_volume_is_served(world):
    """What was written to the Node's directory before is what nginx shows."""
    host = [{"name": "host", "hostPath": {"path": "/mnt/data"}}]
    writer = sh(
        "echo 'Hello from storage' > /host/index.html", volumeMounts=[mount("host", "/host")]
    )
    run(world, pod("writer", writer, volumes=host, nodeName="worker-2", restartPolicy="Never"))
    run(world, persistent_volume(), claim())
    server = {"name": "c", "image": "nginx", "volumeMounts": [mount("s", "/usr/share/nginx/html")]}
    volumes = [{"name": "s", "persistentVolumeClaim": {"claimName": "task-claim"}}]
    run(world, pod("web", server, volumes=volumes, nodeName="worker-2"))

    assert execute(world, "web", "curl -s http://localhost/") == "Hello from storage\n"


def test_files_of_a_claim_outlive_its_pods(world):
    """A second Pod finds what the first wrote."""
    run(world, persistent_volume(), claim())
    volumes = [{"name": "s", "persistentVolumeClaim": {"claimName": "task-claim"}}]
    mounts = [mount("s", "/data")]
    run(
        world,
        pod(
            "one",
            sh("echo kept > /data/file", volumeMounts=mounts),
            volumes=volumes,
            restartPolicy="Never",
            nodeName="worker-1",
        ),
    )
    world.delete("Pod", "one")
    run(
        world,
        pod(
            "two",
            sh("cat /data/file", volumeMounts=mounts),
            volumes=volumes,
            restartPolicy="Never",
            nodeName="worker-1",
        ),
    )

    assert log(world, "two") == "kept\n"


def test_a_volume_of_a_storage_system_is_the_same_on_every_node(world):
    """ReadWriteMany: what one Pod writes another one reads, elsewhere."""
    volume = persistent_volume()
    volume["spec"] = {
        **{key: value for key, value in volume["spec"].items() if key != "hostPath"},
        "accessModes": ["ReadWriteMany"],
        "csi": {"driver": "nfs.csi.k8s.io", "volumeHandle": "share"},
    }
    run(world, volume, claim(accessModes=["ReadWriteMany"]))
    volumes = [{"name": "s", "persistentVolumeClaim": {"claimName": "task-claim"}}]
    mounts = [mount("s", "/data")]
    writer = sh("echo shared > /data/file; sleep 1d", volumeMounts=mounts)
    run(world, pod("writer", writer, volumes=volumes, nodeName="worker-1"))
    run(
        world,
        pod("reader", sh("sleep 1d", volumeMounts=mounts), volumes=volumes, nodeName="worker-2"),
    )

    assert execute(world, "reader", "cat /data/file") == "shared\n"


def test_several_sources_share_one_directory(world):
    """Two Secrets, the downward API and a ConfigMap are projected into one volume."""
    sources = [
        {
            "secret": {
                "name": "user",
                "items": [{"key": "username", "path": "my-group/my-username"}],
            }
        },
        {
            "secret": {
                "name": "pass",
                "items": [{"key": "password", "path": "my-group/pw", "mode": 0o777}],
            }
        },
        {
            "downwardAPI": {
                "items": [
                    {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
                    {
                        "path": "cpu_limit",
                        "resourceFieldRef": {"containerName": "c", "resource": "limits.cpu"},
                    },
                ]
            }
        },
        {"configMap": {"name": "conf", "items": [{"key": "config", "path": "my-group/my-config"}]}},
    ]
    reader = sh(
        "cd /all; ls; ls my-group; cat my-group/my-username my-group/pw labels cpu_limit; ls -lL my-group/pw",
        resources={"limits": {"cpu": "1500m"}},
        volumeMounts=[mount("all", "/all", readOnly=True)],
    )
    run(
        world,
        data("Secret", "user", username="admin\n"),
        data("Secret", "pass", password="1f2d1e2e67df\n"),
        data("ConfigMap", "conf", config="x"),
        pod(
            "all",
            reader,
            volumes=[{"name": "all", "projected": {"sources": sources}}],
            restartPolicy="Never",
        ),
    )

    lines = log(world, "all").splitlines()
    assert lines[:6] == ["cpu_limit", "labels", "my-group", "my-config", "my-username", "pw"]
    assert lines[6:8] == ["admin", "1f2d1e2e67df"]
    assert lines[8].startswith('app="all"2')
    assert lines[8].partition("2")[2].startswith("-rwxrwxrwx")


def test_two_containers_share_a_page(world):
    """Debian writes and is done; nginx serves, and the Pod stays half ready."""
    writer = sh(
        "echo Hello from debian > /pod-data/index.html",
        "debian",
        "debian",
        volumeMounts=[mount("s", "/pod-data")],
    )
    server = {
        "name": "nginx",
        "image": "nginx",
        "volumeMounts": [mount("s", "/usr/share/nginx/html")],
    }
    volumes = [{"name": "s", "emptyDir": {}}]
    run(world, pod("two", server, writer, volumes=volumes, restartPolicy="Never"))

    assert container(world, "two", "debian")["state"]["terminated"]["reason"] == "Completed"
    assert "running" in container(world, "two", "nginx")["state"]
    assert status(world, "two")["phase"] == "Running"
    assert execute(world, "two", "curl -s localhost", "nginx") == "Hello from debian\n"


def test_a_memory_volume_has_its_limit(world):
    """Writing more than sizeLimit fails inside, as on a small tmpfs."""
    volumes = [{"name": "m", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}]
    script = "dd if=/dev/zero of=/m/f bs=1M count=2; echo $?; df /m | tail -1; mount | grep /m"
    run(
        world,
        pod(
            "small",
            sh(script, volumeMounts=[mount("m", "/m")]),
            volumes=volumes,
            restartPolicy="Never",
        ),
    )

    assert "No space left on device" in log(world, "small")
    assert "tmpfs" in log(world, "small")


def test_a_missing_host_directory_cannot_be_mounted(world):
    """hostPath types are checked: FailedMount says what is missing."""
    volumes = [{"name": "h", "hostPath": {"path": "/nowhere", "type": "Directory"}}]
    run(
        world, pod("late", sh("true", volumeMounts=[mount("h", "/h")]), volumes=volumes), seconds=20
    )

    assert status(world, "late")["phase"] == "Pending"
    assert events(world, "late", "FailedMount")[0] == (
        'MountVolume.SetUp failed for volume "h" : hostPath type check failed: /nowhere is not a directory'
    )


def test_a_host_directory_or_file_is_made_when_asked(world):
    """DirectoryOrCreate and FileOrCreate."""
    volumes = [
        {"name": "d", "hostPath": {"path": "/var/local/aaa", "type": "DirectoryOrCreate"}},
        {"name": "f", "hostPath": {"path": "/var/local/aaa/1.txt", "type": "FileOrCreate"}},
    ]
    mounts = [mount("d", "/mydir"), mount("f", "/mydir/1.txt")]
    run(
        world,
        pod(
            "made",
            sh("echo x > /mydir/1.txt; ls /mydir; cat /mydir/1.txt", volumeMounts=mounts),
            volumes=volumes,
            restartPolicy="Never",
        ),
    )

    assert log(world, "made") == "1.txt\nx\n"
