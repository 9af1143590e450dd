/** What the menu of an object offers: to look at it, to do something to it, to break it. */
import { faultObject, type FaultKind, type FaultTarget } from "../cluster/fault-catalogue.ts";
import { findView } from "../cluster/objects.ts";
import { sourcesFor } from "../cluster/sources.ts";
import type { NodeView, ServiceView } from "../live/protocol.ts";
import type { IconName } from "../theme/icons.ts";
import { isShown } from "../view/kinds.ts";
import { rolloutChoices } from "../view/workload-choices.ts";
import { ObjectDeeds } from "../view/object-deeds.ts";
import type { ObjectRef } from "../view/selection.svelte.ts";
import type { Session } from "../view/session.svelte.ts";
import { TrafficDeeds } from "../view/traffic-deeds.ts";
import { clusterDeeds } from "./cluster-deeds.ts";

export interface Choice {
  id: string;
  icon: IconName;
  words: string;
  /** What to know before, or to watch for after. */
  detail: string;
  /** It is asked once more before it happens. */
  confirm?: string;
  /** It cannot be done now; `detail` says why. */
  off?: boolean;
  run(): void;
}

export function objectChoices(session: Session, ref: ObjectRef): Choice[] {
  const deeds = session.mayWrite ? changes(session, ref) : [];
  return [...looks(session, ref), ...(session.past.away ? deeds.map(forbidden) : deeds)];
}

const forbidden = (choice: Choice): Choice => ({
  ...choice,
  off: true,
  detail: "the past cannot be changed: go back to now, or branch",
});

function looks(session: Session, ref: ObjectRef): Choice[] {
  const show = (id: string, icon: IconName, words: string, tab: string): Choice => ({
    id,
    icon,
    words,
    detail: "",
    run: () => {
      session.tab = tab;
      session.select(ref);
    },
  });
  const pod = ref.kind === "Pod";
  return [
    show("inspect", "eye", "Inspect", "State"),
    ...(pod ? [show("logs", "doc", "Logs", "Logs")] : []),
    ...(pod && session.canWrite ? [show("terminal", "right", "Terminal", "Terminal")] : []),
    show("yaml", "doc", "YAML", "YAML"),
    {
      id: "focus",
      icon: "search",
      words: "Focus",
      detail: "dim all that it does not touch",
      run: () => {
        session.selection.select(ref);
        session.attention.dimming = true;
        session.refresh();
      },
    },
  ];
}

function changes(session: Session, ref: ObjectRef): Choice[] {
  const deeds = new ObjectDeeds(session.api);
  const told = (deed: Promise<string>): void =>
    void deed.then((complaint) => {
      if (complaint) session.tell(complaint);
    });
  const choices: Choice[] = [];
  const view = findView(session.replica, ref);
  if (!view || !isShown(ref.kind)) return choices;
  if (ref.kind === "Node") {
    const cordoned = (view as NodeView).unschedulable;
    choices.push(
      {
        id: "cordon",
        icon: cordoned ? "ok" : "pause",
        words: cordoned ? "Uncordon" : "Cordon",
        detail: cordoned ? "it takes new Pods again" : "it keeps its Pods and takes no new ones",
        run: () => told(deeds.cordon(ref, !cordoned)),
      },
      {
        id: "drain",
        icon: "down",
        words: "Drain",
        detail: "cordons it and evicts its Pods",
        run: () => told(deeds.drain(ref, session.replica.pods.values())),
      },
    );
  }
  if (ref.kind === "Service") choices.push(...trafficChoices(session, view as ServiceView, told));
  if ("desired" in view)
    choices.push(
      ...rolloutChoices(session, view).map((choice) => ({ ...choice, run: () => told(choice.run()) })),
    );
  choices.push({
    id: "delete",
    icon: "term",
    words: "Delete",
    detail: "",
    confirm: `Yes, delete ${ref.kind} ${ref.name}`,
    run: () => told(deeds.remove(ref)),
  });
  return choices;
}

/** Requests a second of traffic that is looked at one by one, and of traffic that is counted. */
const RATES = [2, 500];

function trafficChoices(
  session: Session,
  service: ServiceView,
  told: (deed: Promise<string>) => void,
): Choice[] {
  const deeds = new TrafficDeeds(session.api);
  const { namespace, name } = service;
  const running = session.traffic.objects.filter(
    (one) => one.service === `${namespace}/${name}` && !one.over,
  );
  const starts = sourcesFor(service, session.replica.pods.values()).flatMap((source) =>
    RATES.map((rate): Choice => ({
      id: `traffic ${source.words} ${rate}`,
      icon: "right",
      words: `Send ${rate} requests a second`,
      detail: `from ${source.words}, until it is stopped`,
      run: () => told(deeds.start({ kind: "Service", namespace, name }, source, rate)),
    })),
  );
  if (running.length === 0) return starts;
  const stop: Choice = {
    id: "traffic stop",
    icon: "stop",
    words: "Stop its traffic",
    detail: running.map((one) => `${one.perSecond}/s from ${one.from}`).join(", "),
    run: () => told(deeds.stop(running)),
  };
  return [...starts, stop];
}

/** The faults that can strike it, each until it is healed by the one who looks, or after two minutes. */
export function faultChoices(
  session: Session,
  ref: ObjectRef,
  container: string,
  kinds: readonly FaultKind[],
): Choice[] {
  const deeds = clusterDeeds(session);
  const struck = ref.kind === "Node" ? "node" : container ? "container" : "pod";
  const target: FaultTarget =
    ref.kind === "Node"
      ? { node: ref.name }
      : { namespace: ref.namespace, pod: ref.name, ...(container ? { container } : {}) };
  return kinds
    .filter((kind) => kind.strikes.includes(struck))
    .map((kind) => ({
      id: kind.type,
      icon: "bolt",
      words: kind.title,
      detail: `Watch for: ${kind.watch}`,
      run: () => void deeds.startFault(faultObject(kind, target, "2m")),
    }));
}
