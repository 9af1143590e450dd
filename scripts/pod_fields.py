"""Which fields of a Pod do something, which are only kept, and which are refused: the table of ``docs/fidelity.md``.

Every field of the definitions below stands in exactly one of the lists; a test compares them with
Kubernetes' own OpenAPI document, so that a new field has to be given its place.
"""

from __future__ import annotations

from typing import NamedTuple

PREFIX = "io.k8s.api.core.v1."
_CONTAINER = (
    "args command env envFrom image imagePullPolicy livenessProbe lifecycle name ports readinessProbe"
    " resizePolicy resources restartPolicy restartPolicyRules securityContext startupProbe stdin"
    " stdinOnce terminationMessagePath terminationMessagePolicy tty volumeMounts workingDir"
)


class Fields(NamedTuple):
    """The fields of one definition.

    Attributes:
        modelled: They do what they do in Kubernetes, or what people see of it.
        stored: They are validated, defaulted, kept and shown, and change nothing.
        refused: Requests with them are refused, as upstream does.
    """

    modelled: str
    stored: str = ""
    refused: str = ""

    def all(self) -> list[str]:
        """Every field, sorted."""
        return sorted(f"{self.modelled} {self.stored} {self.refused}".split())


DEFINITIONS: dict[str, Fields] = {
    "PodSpec": Fields(
        "activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig dnsPolicy"
        " enableServiceLinks ephemeralContainers hostAliases hostNetwork hostname hostnameOverride"
        " imagePullSecrets initContainers nodeName nodeSelector overhead preemptionPolicy priority"
        " priorityClassName readinessGates resources restartPolicy runtimeClassName schedulerName"
        " schedulingGates securityContext serviceAccount serviceAccountName setHostnameAsFQDN"
        " shareProcessNamespace subdomain terminationGracePeriodSeconds tolerations"
        " topologySpreadConstraints volumes",
        "hostIPC hostPID hostUsers os resourceClaims schedulingGroup",
    ),
    "Container": Fields(_CONTAINER, "volumeDevices"),
    "EphemeralContainer": Fields(
        "args command env envFrom image imagePullPolicy name securityContext stdin stdinOnce"
        " targetContainerName terminationMessagePath terminationMessagePolicy tty volumeMounts workingDir",
        "volumeDevices",
        "lifecycle livenessProbe ports readinessProbe resizePolicy resources restartPolicy"
        " restartPolicyRules startupProbe",
    ),
    "ContainerPort": Fields("containerPort hostIP hostPort name protocol"),
    "ContainerRestartRule": Fields("action exitCodes"),
    "EnvFromSource": Fields("configMapRef prefix secretRef"),
    "EnvVar": Fields("name value valueFrom"),
    "EnvVarSource": Fields("configMapKeyRef fieldRef fileKeyRef resourceFieldRef secretKeyRef"),
    "HostAlias": Fields("hostnames ip"),
    "Lifecycle": Fields("postStart preStop", "stopSignal"),
    "LifecycleHandler": Fields("exec httpGet sleep", "tcpSocket"),
    "PodDNSConfig": Fields("nameservers options searches"),
    "PodSecurityContext": Fields(
        "fsGroup runAsGroup runAsNonRoot runAsUser supplementalGroups",
        "appArmorProfile fsGroupChangePolicy seLinuxChangePolicy seLinuxOptions seccompProfile"
        " supplementalGroupsPolicy sysctls windowsOptions",
    ),
    "Probe": Fields(
        "exec failureThreshold grpc httpGet initialDelaySeconds periodSeconds successThreshold"
        " tcpSocket terminationGracePeriodSeconds timeoutSeconds"
    ),
    "ResourceRequirements": Fields("limits requests", "claims"),
    "SecurityContext": Fields(
        "capabilities privileged readOnlyRootFilesystem runAsGroup runAsNonRoot runAsUser",
        "allowPrivilegeEscalation appArmorProfile procMount seLinuxOptions seccompProfile windowsOptions",
    ),
    "Toleration": Fields("effect key operator tolerationSeconds value"),
    "TopologySpreadConstraint": Fields(
        "labelSelector matchLabelKeys maxSkew minDomains nodeAffinityPolicy nodeTaintsPolicy"
        " topologyKey whenUnsatisfiable"
    ),
    "Volume": Fields(
        "configMap downwardAPI emptyDir ephemeral hostPath name persistentVolumeClaim projected secret",
        "awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker"
        " gcePersistentDisk gitRepo glusterfs image iscsi nfs photonPersistentDisk portworxVolume"
        " quobyte rbd scaleIO storageos vsphereVolume",
    ),
    "VolumeMount": Fields(
        "mountPath name readOnly subPath subPathExpr", "mountPropagation recursiveReadOnly"
    ),
    "PodStatus": Fields(
        "conditions containerStatuses ephemeralContainerStatuses hostIP hostIPs initContainerStatuses"
        " message nominatedNodeName observedGeneration phase podIP podIPs qosClass reason startTime",
        "allocatedResources extendedResourceClaimStatus nodeAllocatableResourceClaimStatuses resize"
        " resourceClaimStatuses resources",
    ),
    "ContainerStatus": Fields(
        "allocatedResources containerID image imageID lastState name ready resources restartCount"
        " started state user volumeMounts",
        "allocatedResourcesStatus stopSignal",
    ),
}
"""In the order of the page."""


def table() -> str:
    """The table in Markdown."""
    rows = [
        f"| {name} | {_words(fields.modelled)} | {_words(fields.stored)} | {_words(fields.refused)} |"
        for name, fields in DEFINITIONS.items()
    ]
    return "\n".join(
        ["| definition | modelled | stored only | refused |", "|---|---|---|---|", *rows]
    )


def _words(names: str) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names.split()))
