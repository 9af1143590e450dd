/** The gallery: small manifests, each with what to watch for. */
import barePod from "./examples/bare-pod.yaml?raw";
import canary from "./examples/canary.yaml?raw";
import crashLoop from "./examples/crash-loop.yaml?raw";
import deploymentAndService from "./examples/deployment-and-service.yaml?raw";
import dnsEgressForgotten from "./examples/dns-egress-forgotten.yaml?raw";
import fitsNowhere from "./examples/fits-nowhere.yaml?raw";
import initAndSidecar from "./examples/init-and-sidecar.yaml?raw";
import namespaceAndRbac from "./examples/namespace-and-rbac.yaml?raw";
import newNode from "./examples/new-node.yaml?raw";
import noSuchImage from "./examples/no-such-image.yaml?raw";
import onlyOnSsd from "./examples/only-on-ssd.yaml?raw";
import outOfMemory from "./examples/out-of-memory.yaml?raw";
import policyDenyAndAllow from "./examples/policy-deny-and-allow.yaml?raw";
import probes from "./examples/probes.yaml?raw";
import resize from "./examples/resize.yaml?raw";
import rollingUpdate from "./examples/rolling-update.yaml?raw";
import sandboxes from "./examples/sandboxes.yaml?raw";
import serviceAndClient from "./examples/service-and-client.yaml?raw";
import sharedVolume from "./examples/shared-volume.yaml?raw";
import slowGoodbye from "./examples/slow-goodbye.yaml?raw";

export interface Example {
  title: string;
  watch: string;
  text: string;
}

export const examples: readonly Example[] = [
  {
    title: "A Pod",
    watch:
      "Follow it through the nine steps, from the API server to its Node, until it has an IP and is Ready.",
    text: barePod,
  },
  {
    title: "Init container, sidecar, volume",
    watch:
      "The init container ends first, the sidecar starts next, the app last; all share one volume and one IP.",
    text: initAndSidecar,
  },
  {
    title: "Deployment and Service",
    watch:
      "One Deployment makes a ReplicaSet, that makes three Pods; each joins the Service once it is Ready.",
    text: deploymentAndService,
  },
  {
    title: "Rolling update of that Deployment",
    watch: "Apply after the one before: a new ReplicaSet grows Pod by Pod while the old one shrinks.",
    text: rollingUpdate,
  },
  {
    title: "A Pod that fits nowhere",
    watch:
      "It asks for 64 CPUs: every Node refuses it, and it waits on the shelf with the scheduler's reason.",
    text: fitsNowhere,
  },
  {
    title: "A Pod that is choosy",
    watch: "It wants a Node with the label disk=ssd and bears one taint; it waits until a Node suits it.",
    text: onlyOnSsd,
  },
  {
    title: "A crash loop",
    watch: "Its program ends with an error; the kubelet starts it again, each time after a longer pause.",
    text: crashLoop,
  },
  {
    title: "Probes: startup, readiness, liveness",
    watch:
      "The startup probe lets the others begin; after 90 s it is no longer ready, then liveness has it restarted.",
    text: probes,
  },
  {
    title: "Out of memory, out of CPU time",
    watch: "One container passes its memory limit and is killed with 137; the other is only slowed down.",
    text: outOfMemory,
  },
  {
    title: "A volume and localhost between containers",
    watch: "Open the Pod: the volume says what was written last and by whom, the dark bar who answers where.",
    text: sharedVolume,
  },
  {
    title: "A container that will not stop",
    watch: "Delete it: both get SIGTERM, one ends with 143, the other is killed after 30 s with 137.",
    text: slowGoodbye,
  },
  {
    title: "Containers, a virtual machine, Wasm",
    watch: "A Node with more runtime handlers; two walls mean a virtual machine, a cut corner WebAssembly.",
    text: sandboxes,
  },
  {
    title: "A Pod to resize in place",
    watch:
      'Then: kubectl patch pod growing --subresource resize -p \'{"spec":{"containers":[{"name":"app","resources":{"requests":{"cpu":"1"},"limits":{"cpu":"1"}}}]}}\'',
    text: resize,
  },
  {
    title: "An image that does not exist",
    watch:
      "A slip in the tag: the Pod gets its Node and its IP, then its image cannot be pulled, again and again.",
    text: noSuchImage,
  },
  {
    title: "One more Node",
    watch: "The Node registers, its kubelet reports, and Pods that waited for disk=ssd or for room move in.",
    text: newNode,
  },
  {
    title: "A team's Namespace and rights",
    watch: "Namespace first, then a Role and who has it; ask kubectl auth can-i --as what they may now do.",
    text: namespaceAndRbac,
  },
  {
    title: "A Service and its client",
    watch:
      "Each request: the name, the stable IP, the endpoint that kube-proxy picks, the answer; counts at each Pod.",
    text: serviceAndClient,
  },
  {
    title: "Deny all, then allow one",
    watch: "api reaches the database; debug is stopped at it, with the policy's name and who may pass.",
    text: policyDenyAndAllow,
  },
  {
    title: "DNS egress forgotten",
    watch: "The policy allows the shop, yet nothing works: the question for its address is stopped first.",
    text: dnsEgressForgotten,
  },
  {
    title: "A canary",
    watch: "Twenty requests a second over ten Pods: about one in ten reaches the new version.",
    text: canary,
  },
];
