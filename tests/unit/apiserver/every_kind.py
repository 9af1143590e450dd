"""The least valid object of every stored kind, as people would write it."""

from __future__ import annotations

from typing import Any

from tests.factories import make_pod

_LABELS = {"app": "x"}
_TEMPLATE = {
    "metadata": {"labels": _LABELS},
    "spec": {"containers": [{"name": "c", "image": "nginx"}]},
}
_JOB_TEMPLATE = {
    "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "nginx"}]}
}
_SELECTOR = {"matchLabels": _LABELS}
_RULES = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
_SUBJECTS = [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "ada"}]
_HOOK_RULES = [
    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
]
_WEBHOOK = {
    "name": "a.example.com",
    "clientConfig": {"url": "https://example.com/hook"},
    "rules": _HOOK_RULES,
    "sideEffects": "None",
    "admissionReviewVersions": ["v1"],
}
_CRD_VERSION = {
    "name": "v1",
    "served": True,
    "storage": True,
    "schema": {"openAPIV3Schema": {"type": "object"}},
}
_ROLE_API = "rbac.authorization.k8s.io"

BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("", "ConfigMap"): {"data": {"a": "1"}},
    ("", "Endpoints"): {"subsets": []},
    ("", "Event"): {
        "involvedObject": {"kind": "Pod", "name": "p", "namespace": "default"},
        "reason": "R",
    },
    ("", "LimitRange"): {"spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}}]}},
    ("", "Namespace"): {},
    ("", "Node"): {},
    ("", "PersistentVolume"): {
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": "/tmp/x"},
        }
    },
    ("", "PersistentVolumeClaim"): {
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    },
    ("", "Pod"): {"spec": make_pod("x")["spec"]},
    ("", "PodTemplate"): {"template": _TEMPLATE},
    ("", "ReplicationController"): {
        "spec": {"replicas": 0, "selector": _LABELS, "template": _TEMPLATE}
    },
    ("", "ResourceQuota"): {"spec": {"hard": {"pods": "4"}}},
    ("", "Secret"): {"stringData": {"a": "b"}},
    ("", "Service"): {"spec": {"ports": [{"port": 80}]}},
    ("", "ServiceAccount"): {},
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"): {
        "spec": {
            "reinvocationPolicy": "Never",
            "matchConstraints": {"resourceRules": _HOOK_RULES},
            "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": "[]"}}],
        }
    },
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"): {
        "spec": {"policyName": "p"}
    },
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): {"webhooks": [_WEBHOOK]},
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): {
        "spec": {
            "matchConstraints": {"resourceRules": _HOOK_RULES},
            "validations": [{"expression": "true"}],
        }
    },
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): {
        "spec": {"policyName": "p", "validationActions": ["Deny"]}
    },
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): {"webhooks": [_WEBHOOK]},
    ("apiextensions.k8s.io", "CustomResourceDefinition"): {
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {
                "plural": "tanks",
                "singular": "tank",
                "kind": "Tank",
                "listKind": "TankList",
            },
            "versions": [_CRD_VERSION],
        }
    },
    ("apps", "ControllerRevision"): {"revision": 1, "data": {}},
    ("apps", "DaemonSet"): {"spec": {"selector": _SELECTOR, "template": _TEMPLATE}},
    ("apps", "Deployment"): {"spec": {"selector": _SELECTOR, "template": _TEMPLATE}},
    ("apps", "ReplicaSet"): {"spec": {"selector": _SELECTOR, "template": _TEMPLATE}},
    ("apps", "StatefulSet"): {
        "spec": {"selector": _SELECTOR, "serviceName": "x", "template": _TEMPLATE}
    },
    ("autoscaling", "HorizontalPodAutoscaler"): {
        "spec": {
            "maxReplicas": 3,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        }
    },
    ("batch", "CronJob"): {
        "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": _JOB_TEMPLATE}}}
    },
    ("batch", "Job"): {"spec": {"template": _JOB_TEMPLATE}},
    ("certificates.k8s.io", "CertificateSigningRequest"): {
        "spec": {"request": "YQ==", "signerName": "example.com/s", "usages": ["client auth"]}
    },
    ("coordination.k8s.io", "Lease"): {"spec": {"holderIdentity": "me"}},
    ("discovery.k8s.io", "EndpointSlice"): {"addressType": "IPv4", "endpoints": [], "ports": []},
    ("networking.k8s.io", "IPAddress"): {
        "spec": {"parentRef": {"resource": "services", "namespace": "default", "name": "x"}}
    },
    ("networking.k8s.io", "Ingress"): {
        "spec": {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}
    },
    ("networking.k8s.io", "IngressClass"): {"spec": {"controller": "example.com/ingress"}},
    ("networking.k8s.io", "NetworkPolicy"): {"spec": {"podSelector": {}}},
    ("networking.k8s.io", "ServiceCIDR"): {"spec": {"cidrs": ["10.200.0.0/24"]}},
    ("node.k8s.io", "RuntimeClass"): {"handler": "kata"},
    ("policy", "PodDisruptionBudget"): {"spec": {"minAvailable": 1, "selector": _SELECTOR}},
    (_ROLE_API, "ClusterRole"): {"rules": _RULES},
    (_ROLE_API, "ClusterRoleBinding"): {
        "subjects": _SUBJECTS,
        "roleRef": {"apiGroup": _ROLE_API, "kind": "ClusterRole", "name": "view"},
    },
    (_ROLE_API, "Role"): {"rules": _RULES},
    (_ROLE_API, "RoleBinding"): {
        "subjects": _SUBJECTS,
        "roleRef": {"apiGroup": _ROLE_API, "kind": "Role", "name": "r"},
    },
    ("scheduling.k8s.io", "PriorityClass"): {"value": 1000},
    ("sim.podarium.dev", "Clock"): {"spec": {"speed": 1}},
    ("sim.podarium.dev", "Fault"): {"spec": {"type": "NodeDown", "target": {"node": "worker-1"}}},
    ("sim.podarium.dev", "ImageProfile"): {"spec": {"image": "example.com/app"}},
    ("sim.podarium.dev", "Lesson"): {"spec": {"title": "Pods", "steps": []}},
    ("sim.podarium.dev", "Traffic"): {"spec": {"to": {"service": "web"}}},
    ("storage.k8s.io", "CSIDriver"): {"spec": {}},
    ("storage.k8s.io", "CSINode"): {"spec": {"drivers": []}},
    ("storage.k8s.io", "CSIStorageCapacity"): {"storageClassName": "standard"},
    ("storage.k8s.io", "StorageClass"): {"provisioner": "example.com/disk"},
    ("storage.k8s.io", "VolumeAttachment"): {
        "spec": {"attacher": "a", "nodeName": "worker-1", "source": {"persistentVolumeName": "v"}}
    },
    ("storage.k8s.io", "VolumeAttributesClass"): {
        "driverName": "example.com/disk",
        "parameters": {"a": "b"},
    },
}
