/** The keyboard: which key does what, and the words by which the page tells it. */
import { GROUPINGS } from "../cluster/groups.ts";
import type { PictureFormat } from "../view/pointing.svelte.ts";
import type { Session } from "../view/session.svelte.ts";
import type { PanelName } from "../view/panels.svelte.ts";

export interface KeyBinding {
  /** As `KeyboardEvent.key`, with `Shift+` before it where that matters. */
  keys: readonly string[];
  /** What is printed on the cap. */
  cap: string;
  words: string;
  /** More words, where there is room for them. */
  title?: string;
  /** Not offered as a command: it needs its key to mean anything. */
  implicit?: boolean;
  /** Shown in the line at the bottom of the page. */
  inLine?: boolean;
  /** Offered only where this panel exists. */
  needs?: PanelName;
  act(session: Session, deeds: Deeds): void;
}

/** What only the page as a whole can do. */
export interface Deeds {
  toggleTheme(): void;
  togglePresenting(): void;
  /** Saves the stage as it is now. */
  savePicture(format: PictureFormat): void;
  /** Puts the page's address, which says what is looked at, on the clipboard. */
  copyLink(): void;
}

export const bindings: readonly KeyBinding[] = [
  { keys: [" "], cap: "Space", words: "pause, run", inLine: true, act: (s) => s.togglePlaying() },
  {
    keys: ["ArrowRight"],
    cap: "→",
    words: "next moment",
    inLine: true,
    act: (s) => void s.forward("fact"),
  },
  {
    keys: ["ArrowLeft"],
    cap: "←",
    words: "back in time",
    title: "back in time by one moment; → leads on again",
    inLine: true,
    act: (s) => void s.past.step("fact", "previous"),
  },
  {
    keys: ["Shift+ArrowRight"],
    cap: "Shift →",
    words: "next step",
    inLine: true,
    act: (s) => void s.forward("step"),
  },
  {
    keys: ["Shift+ArrowLeft"],
    cap: "Shift ←",
    words: "back by one of the nine steps",
    act: (s) => void s.past.step("step", "previous"),
  },
  {
    keys: [","],
    cap: ",",
    words: "back by a second",
    act: (s) => void s.past.step("second", "previous"),
  },
  { keys: ["."], cap: ".", words: "on by a second", act: (s) => void s.forward("second") },
  {
    keys: ["t"],
    cap: "T",
    words: "timeline",
    title: "timeline: go back, compare, branch",
    inLine: true,
    act: (s) => s.panels.toggle("timeline"),
  },
  {
    keys: ["n"],
    cap: "N",
    words: "back to now",
    act: (s) => {
      if (s.past.away) s.past.now();
    },
  },
  {
    keys: ["a"],
    cap: "A",
    words: "mark this moment",
    title: "mark this moment, to compare it",
    act: (s) => s.past.mark(s.present.moment),
  },
  {
    keys: ["v"],
    cap: "V",
    words: "compare two moments",
    title: "compare the marked moment with this one",
    act: (s) => s.compare(),
  },
  {
    keys: ["r"],
    cap: "R",
    words: "branch from here",
    title: "branch from here: a room of its own that begins at this moment",
    act: (s) => s.panels.open("branch"),
  },
  {
    keys: ["l"],
    cap: "L",
    words: "slow motion",
    inLine: true,
    act: (s) => void s.playback.toggleSlowMotion(),
  },
  { keys: ["+", "="], cap: "+", words: "faster", act: (s) => s.faster(1) },
  { keys: ["-"], cap: "−", words: "slower", act: (s) => s.faster(-1) },
  { keys: ["f"], cap: "F", words: "focus a Pod", inLine: true, act: (s) => s.toggleFocus() },
  {
    keys: ["o"],
    cap: "O",
    words: "only what it touches",
    title: "focus: dim all but what the selection touches",
    act: (s) => s.toggleDimming(),
  },
  {
    keys: ["j"],
    cap: "J",
    words: "follow changes",
    title: "a focus that follows the latest change",
    act: (s) => s.toggleFollowing(),
  },
  {
    keys: ["g"],
    cap: "G",
    words: "group by …",
    title: "group Pods by Node, owner, zone, Namespace",
    act: (s) => {
      const { attention } = s;
      const next = GROUPINGS[(GROUPINGS.indexOf(attention.grouping) + 1) % GROUPINGS.length];
      attention.grouping = next ?? "node";
    },
  },
  {
    keys: ["m"],
    cap: "M",
    words: "manifest",
    inLine: true,
    needs: "manifest",
    act: (s) => s.panels.toggle("manifest"),
  },
  {
    keys: ["w"],
    cap: "W",
    words: "owners",
    title: "owners: who keeps which Pods alive, as a tree",
    needs: "owners",
    act: (s) => s.panels.toggle("owners"),
  },
  {
    keys: ["/"],
    cap: "/",
    words: "search",
    title: "search and filter: name, kind, Namespace, label",
    inLine: true,
    act: (s) => s.panels.toggle("search"),
  },
  {
    keys: ["Ctrl+k"],
    cap: "Ctrl K",
    words: "commands",
    title: "every command by name",
    inLine: true,
    act: (s) => s.panels.toggle("commands"),
  },
  {
    keys: ["x"],
    cap: "X",
    words: "faults",
    title: "break a Node, heal it",
    inLine: true,
    act: (s) => s.panels.toggle("faults"),
  },
  {
    keys: ["c"],
    cap: "C",
    words: "cluster",
    title: "cluster: Nodes, kubeconfig, speed, versions",
    act: (s) => s.panels.toggle("cluster"),
  },
  { keys: ["b"], cap: "B", words: "blank screen", inLine: true, act: (s) => (s.blank = !s.blank) },
  { keys: ["d"], cap: "D", words: "light or dark", act: (_, deeds) => deeds.toggleTheme() },
  {
    keys: ["p"],
    cap: "P",
    words: "present: full screen, big type",
    act: (_, deeds) => deeds.togglePresenting(),
  },
  {
    keys: ["z"],
    cap: "Z",
    words: "laser pointer",
    title: "laser pointer: a light that follows the mouse",
    act: (s) => s.pointing.toggle("laser"),
  },
  {
    keys: ["h"],
    cap: "H",
    words: "highlighter",
    title: "highlighter: draw on the picture; again to wipe it away",
    act: (s) => s.pointing.toggle("marker"),
  },
  {
    keys: ["s"],
    cap: "S",
    words: "save a picture",
    title: "save the stage as PNG",
    act: (_, deeds) => deeds.savePicture("png"),
  },
  {
    keys: ["y"],
    cap: "Y",
    words: "copy a link",
    title: "copy a link that opens this view on another screen",
    act: (_, deeds) => deeds.copyLink(),
  },
  {
    keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
    cap: "1–9",
    words: "details of a step",
    implicit: true,
    act: () => undefined,
  },
  {
    keys: ["ContextMenu"],
    cap: "Menu",
    words: "what can be done",
    title: "what can be done here: also Shift F10, or the right mouse button",
    implicit: true,
    act: () => undefined,
  },
  { keys: ["Escape"], cap: "Esc", words: "close", implicit: true, act: (s) => void s.escape() },
  { keys: ["?", "Shift+?"], cap: "?", words: "all keys", inLine: true, act: (s) => s.panels.toggle("keys") },
];

/** The bindings that work in this build. */
export const offered = (available: ReadonlySet<PanelName>): KeyBinding[] =>
  bindings.filter((binding) => !binding.needs || available.has(binding.needs));

/** True when somebody writes: keys are then letters. */
export function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

export interface Pressed {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** The binding for a key press, if there is one. */
export function bindingFor(event: Pressed, available: ReadonlySet<PanelName>): KeyBinding | undefined {
  if (event.altKey) return undefined;
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const control = event.ctrlKey || event.metaKey;
  const wanted = control
    ? [`Ctrl+${name}`]
    : event.shiftKey
      ? [`Shift+${name}`, ...(event.key.length === 1 ? [name] : [])]
      : [name];
  return offered(available).find((binding) => binding.keys.some((key) => wanted.includes(key)));
}

/** Carries out a key press; false when it means nothing here. */
export function press(event: Pressed, session: Session, deeds: Deeds): boolean {
  const binding = bindingFor(event, session.available);
  if (!binding || binding.keys.includes("ContextMenu")) return false;
  const step = Number(event.key);
  if (session.blank && event.key === "Escape") session.blank = false;
  else if (step >= 1 && step <= 9) {
    if (session.journey) session.showStep(session.step === step ? null : step);
  } else binding.act(session, deeds);
  return true;
}
