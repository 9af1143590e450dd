/** The nine steps of deploying a Pod as the rail names them, keyed by their name in `pod_deployment.py`. */
export interface StepWords {
  name: string;
  label: string;
  actor: string;
  what: string;
}

export const steps: readonly StepWords[] = [
  {
    name: "define_manifest",
    label: "Manifest",
    actor: "you",
    what: "The Pod you want is described in a YAML manifest.",
  },
  {
    name: "post_manifest",
    label: "POST",
    actor: "kubectl",
    what: "The manifest is posted to the API server.",
  },
  {
    name: "authenticate_and_authorize",
    label: "Allowed?",
    actor: "authn · authz",
    what: "The API server finds out who asks, and whether they may.",
  },
  {
    name: "validate_spec",
    label: "Valid?",
    actor: "admission · schema",
    what: "Admission fills in what is missing, the spec is checked, and the Pod is stored.",
  },
  {
    name: "filter_nodes",
    label: "Filter nodes",
    actor: "scheduler",
    what: "Nodes that cannot take the Pod are left out; the rest are scored.",
  },
  { name: "bind_pod", label: "Bind", actor: "scheduler", what: "The Pod is assigned to the best Node." },
  {
    name: "notice_assignment",
    label: "Notice",
    actor: "kubelet",
    what: "The kubelet of that Node, watching the API server, notices its new Pod.",
  },
  {
    name: "start_containers",
    label: "Start",
    actor: "containerd",
    what: "The runtime makes the sandbox with its IP, pulls images and starts the containers in order.",
  },
  {
    name: "report_status",
    label: "Report",
    actor: "kubelet",
    what: "The kubelet reports the Pod's status; it is Ready once every container runs and is ready.",
  },
];

/** Who did it, in the rail's few letters: `kubelet/worker-1` is `kubelet`. */
export function shortActor(actor: string, fallback: string): string {
  const short = actor.split("/")[0] ?? "";
  return short.length > 0 && short.length <= 20 ? short.replace(/^kube-/, "") : fallback;
}
