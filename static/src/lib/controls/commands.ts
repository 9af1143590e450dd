/** Every action of the page by name, for the command palette: the keys' actions, and those that have no key. */
import { struck } from "../cluster/faults.ts";
import { filterWords, parseFilter } from "../cluster/filter.ts";
import { GROUPINGS } from "../cluster/groups.ts";
import { speedLabel } from "../cluster/amounts.ts";
import { SPEEDS } from "../view/playback.svelte.ts";
import type { Session } from "../view/session.svelte.ts";
import { clusterDeeds } from "./cluster-deeds.ts";
import { offered, type Deeds } from "./keymap.ts";
import { objectChoices } from "./object-choices.ts";

export interface Command {
  id: string;
  words: string;
  /** What is printed on its key, "" when it has none. */
  cap: string;
  run(): void;
}

export function commandsFor(session: Session, deeds: Deeds): Command[] {
  const keyed = offered(session.available)
    .filter((binding) => !binding.implicit)
    .map((binding) => ({
      id: `key ${binding.cap}`,
      words: binding.title ?? binding.words,
      cap: binding.cap,
      run: () => binding.act(session, deeds),
    }));
  const speeds = SPEEDS.map((speed) => ({
    id: `speed ${speed}`,
    words: `run at ${speedLabel(speed)}`,
    cap: "",
    run: () => void session.changeClock({ speed }),
  }));
  return [
    ...keyed,
    ...selectionCommands(session),
    ...pictureCommands(session, deeds),
    ...clusterCommands(session),
    ...filters(session),
    ...speeds,
  ];
}

/** What can be done to what is selected. */
function selectionCommands(session: Session): Command[] {
  const { ref } = session.selection;
  if (!ref || ref.kind === "Component") return [];
  return objectChoices(session, ref)
    .filter((choice) => !choice.confirm && !choice.off)
    .map((choice) => ({
      id: `object ${choice.id}`,
      words: `${choice.words} ${ref.kind} ${ref.name}`,
      cap: "",
      run: choice.run,
    }));
}

function pictureCommands(session: Session, deeds: Deeds): Command[] {
  const { attention } = session;
  const groups = GROUPINGS.filter((by) => by !== attention.grouping).map((by) => ({
    id: `group ${by}`,
    words: `group Pods by ${by}`,
    cap: "",
    run: () => (attention.grouping = by),
  }));
  return [
    ...groups,
    {
      id: "system",
      words: session.filter.system ? "hide the cluster's own Pods" : "show the cluster's own Pods",
      cap: "",
      run: () => (session.filter.system = !session.filter.system),
    },
    {
      id: "reach",
      words: "who can talk to whom",
      cap: "",
      run: () => session.panels.open("reach"),
    },
    { id: "svg", words: "save the stage as SVG", cap: "", run: () => deeds.savePicture("svg") },
    {
      id: "scheduler",
      words: "the scheduler: its queue, edit its configuration",
      cap: "",
      run: () => session.select({ kind: "Component", namespace: "", name: "kube-scheduler" }),
    },
    { id: "print", words: "print a handout", cap: "", run: () => window.print() },
  ];
}

function clusterCommands(session: Session): Command[] {
  const { addNodes, copyKubeconfig, heal } = clusterDeeds(session);
  const reading: Command[] = [
    { id: "kubeconfig", words: "copy the kubeconfig", cap: "", run: () => void copyKubeconfig() },
  ];
  if (!session.canWrite) return reading;
  return [
    { id: "add 1", words: "add 1 Node", cap: "", run: () => void addNodes(1) },
    { id: "add 10", words: "add 10 Nodes", cap: "", run: () => void addNodes(10) },
    ...session.tales.faults.map((fault) => ({
      id: `heal ${fault.name}`,
      words: `heal ${fault.type} of ${struck(fault)}`,
      cap: "",
      run: () => void heal(fault.name),
    })),
    ...trafficCommands(session),
    ...reading,
  ];
}

/** Traffic to the Service that is drawn large, whatever is selected. */
function trafficCommands(session: Session): Command[] {
  const { service } = session;
  if (!service || session.selection.ref?.kind === "Service") return [];
  const { namespace, name } = service;
  return objectChoices(session, { kind: "Service", namespace, name })
    .filter((choice) => choice.id.startsWith("traffic"))
    .map((choice) => ({
      id: choice.id,
      words: `${choice.words} (Service ${name}, ${choice.detail})`,
      cap: "",
      run: choice.run,
    }));
}

function filters(session: Session): Command[] {
  const phases = ["Pending", "Running", "Succeeded", "Failed"].map((phase) => `phase=${phase}`);
  const texts = [...session.replica.namespaces.map((namespace) => `ns=${namespace}`), ...phases];
  const commands = texts.map((text) => ({
    id: `filter ${text}`,
    words: `show only ${filterWords(parseFilter(text))}`,
    cap: "",
    run: () => (session.filter.text = text),
  }));
  if (!session.filter.on) return commands;
  const all = {
    id: "filter off",
    words: "show all Pods again",
    cap: "",
    run: () => (session.filter.text = ""),
  };
  return [all, ...commands];
}

/** The commands in whose words every word is found. */
export function matching(commands: readonly Command[], query: string): Command[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return commands.filter((command) => words.every((word) => command.words.toLowerCase().includes(word)));
}
