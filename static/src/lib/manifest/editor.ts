/** The YAML editor: CodeMirror with this page's colours, the server's schema and the document's problems. */
import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import {
  bracketMatching,
  indentOnInput,
  syntaxHighlighting,
  HighlightStyle,
  indentUnit,
} from "@codemirror/language";
import { lintGutter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, Prec, type Extension, type Text } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  hoverTooltip,
  keymap,
  lineNumbers,
  tooltips,
  type Tooltip,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { KindInfo } from "../live/discovery.ts";
import { suggestionsAt } from "./completion.ts";
import { keyAt, placeAt } from "./place.ts";
import { typeWords, type Schema, type SchemaIndex } from "./schema.ts";

/** What the editor asks of the drawer. */
export interface EditorHost {
  onEdit(text: string): void;
  onCursor(offset: number): void;
  schema(apiVersion: string): Promise<SchemaIndex | undefined>;
  kinds(): Promise<readonly KindInfo[]>;
  apply(): void;
  close(): void;
}

/** Longer text is neither completed nor checked against the schema while it is written. */
export const COMFORTABLE = 300_000;

const colours = HighlightStyle.define([
  {
    tag: [tags.propertyName, tags.definition(tags.propertyName)],
    color: "var(--prog-edge)",
    fontWeight: "600",
  },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--run-edge)" },
  { tag: [tags.content, tags.literal], color: "var(--ink)" },
  { tag: [tags.lineComment, tags.comment], color: "var(--ink2)", fontStyle: "italic" },
  {
    tag: [tags.separator, tags.punctuation, tags.bracket, tags.squareBracket, tags.brace],
    color: "var(--ink2)",
  },
  { tag: [tags.meta, tags.labelName, tags.typeName], color: "var(--term-edge)" },
]);

const look = EditorView.theme({
  "&": { height: "100%", backgroundColor: "var(--surface)", color: "var(--ink)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: '"Atkinson Hyperlegible Mono Variable", ui-monospace, monospace',
    fontSize: "max(13px, calc(17 * var(--u)))",
    lineHeight: "1.5",
  },
  ".cm-content": { caretColor: "var(--acc)", padding: "6px 0" },
  ".cm-cursor": { borderLeftColor: "var(--acc)", borderLeftWidth: "2px" },
  ".cm-gutters": {
    backgroundColor: "var(--sunken)",
    color: "var(--ink2)",
    borderRight: "1px solid var(--hair)",
  },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--sunken) 60%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--hair)", color: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--acc) 30%, transparent)",
  },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "var(--acc-tint)",
    outline: "none",
  },
  ".cm-selectionMatch": { backgroundColor: "var(--wait-tint)" },
  ".cm-tooltip": {
    backgroundColor: "var(--surface)",
    color: "var(--ink)",
    border: "2px solid var(--line)",
    borderRadius: "8px",
    maxWidth: "calc(620 * var(--u))",
    overflowWrap: "anywhere",
    boxShadow: "0 6px 24px var(--shade)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: '"Atkinson Hyperlegible Mono Variable", ui-monospace, monospace',
    fontSize: "max(12px, calc(16 * var(--u)))",
    maxHeight: "14em",
  },
  ".cm-tooltip-autocomplete ul li": { padding: "3px 8px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--acc)", color: "var(--acc-on)" },
  ".cm-completionDetail": { fontStyle: "normal", color: "var(--ink2)", marginLeft: "1em" },
  "li[aria-selected] .cm-completionDetail": { color: "inherit" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "750" },
  ".cm-tooltip.cm-completionInfo": {
    padding: "8px 12px",
    whiteSpace: "normal",
    fontSize: "max(12px, calc(16 * var(--u)))",
    lineHeight: "1.35",
    maxWidth: "calc(400 * var(--u))",
    maxHeight: "16em",
    overflow: "auto",
  },
  ".podarium-doc": { padding: "8px 12px", fontSize: "max(13px, calc(17 * var(--u)))", lineHeight: "1.4" },
  ".podarium-doc b": { fontWeight: "700" },
  ".podarium-doc p": { marginTop: "4px" },
  ".cm-diagnostic": { padding: "6px 10px", borderLeftWidth: "5px", whiteSpace: "pre-wrap" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--fail)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--wait)" },
  ".cm-lintRange-error": { backgroundImage: "none", borderBottom: "3px double var(--fail-edge)" },
  ".cm-lintRange-warning": { backgroundImage: "none", borderBottom: "2px dashed var(--wait-edge)" },
  ".cm-panels": { backgroundColor: "var(--sunken)", color: "var(--ink)" },
  ".cm-textfield": {
    backgroundColor: "var(--surface)",
    color: "var(--ink)",
    border: "1px solid var(--line)",
  },
  ".cm-button": {
    backgroundImage: "none",
    backgroundColor: "var(--surface)",
    border: "1px solid var(--line)",
  },
});

export function makeState(text: string, host: EditorHost): EditorState {
  return EditorState.create({ doc: text, extensions: extensions(host) });
}

function extensions(host: EditorHost): Extension {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
  return [
    EditorView.cspNonce.of(nonce),
    lineNumbers(),
    highlightActiveLineGutter(),
    highlightActiveLine(),
    history(),
    drawSelection(),
    indentOnInput(),
    indentUnit.of("  "),
    bracketMatching(),
    closeBrackets(),
    highlightSelectionMatches(),
    yaml(),
    syntaxHighlighting(colours),
    look,
    EditorView.contentAttributes.of({ "aria-label": "Manifest, YAML" }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) host.onEdit(update.state.doc.toString());
      if (update.docChanged || update.selectionSet) host.onCursor(update.state.selection.main.head);
    }),
    tooltips({ tooltipSpace: spaceOf }),
    lintGutter(),
    autocompletion({ override: [(context) => complete(context, host)], icons: false }),
    hoverTooltip((view, position) => documentation(view, position, host), { hoverTime: 350 }),
    Prec.high(
      keymap.of([
        { key: "Mod-Enter", run: () => (host.apply(), true) },
        { key: "Tab", run: acceptCompletion },
      ]),
    ),
    keymap.of([
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...searchKeymap,
      ...lintKeymap,
      ...historyKeymap,
      ...defaultKeymap,
      { key: "Escape", run: () => (host.close(), true) },
    ]),
  ];
}

/** Tooltips stay within the drawer, so that they never cover the headline. */
function spaceOf(view: EditorView): { left: number; top: number; right: number; bottom: number } {
  return (view.dom.closest("aside") ?? document.documentElement).getBoundingClientRect();
}

const linesOf = (text: Text): string[] => text.toString().split("\n");

async function complete(context: CompletionContext, host: EditorHost): Promise<CompletionResult | null> {
  const { state, pos, explicit } = context;
  if (state.doc.length > COMFORTABLE) return null;
  const line = state.doc.lineAt(pos);
  const place = placeAt(linesOf(state.doc), line.number - 1, pos - line.from);
  if (!place || (!explicit && place.word === "" && place.writing === "key")) return null;
  const [kinds, index] = await Promise.all([host.kinds(), host.schema(place.apiVersion)]);
  const suggestions = suggestionsAt(place, index, kinds);
  if (context.aborted || suggestions.length === 0) return null;
  return {
    from: line.from + place.column,
    options: suggestions.map((one): Completion => ({
      label: one.label,
      apply: one.insert,
      type: one.type,
      detail: one.detail,
      boost: one.required ? 10 : 0,
      ...(one.info ? { info: one.info } : {}),
    })),
    validFor: /^[\w./-]*$/,
  };
}

async function documentation(view: EditorView, position: number, host: EditorHost): Promise<Tooltip | null> {
  const { doc } = view.state;
  if (doc.length > COMFORTABLE) return null;
  const line = doc.lineAt(position);
  const place = keyAt(linesOf(doc), line.number - 1, position - line.from);
  const index = place ? await host.schema(place.apiVersion) : undefined;
  const schema = place && index?.at(place.kind, place.path);
  if (!place || !index || !schema) return null;
  return {
    pos: line.from + place.column,
    end: line.from + place.to,
    above: true,
    create: () => ({ dom: tooltip(place.path, typeWords(index, schema), schema) }),
  };
}

function tooltip(path: readonly string[], type: string, schema: Schema): HTMLElement {
  const box = document.createElement("div");
  box.className = "podarium-doc";
  const name = document.createElement("b");
  name.textContent = path.join(".").replaceAll(".[]", "[]");
  box.append(name, ` ${type}`);
  const values = schema.enum?.filter((value) => value !== "").join(", ");
  for (const words of [schema.description, values ? `One of: ${values}` : "", defaultWords(schema)]) {
    if (!words) continue;
    const paragraph = document.createElement("p");
    paragraph.textContent = words;
    box.append(paragraph);
  }
  return box;
}

function defaultWords({ default: value }: Schema): string {
  const tells = value !== undefined && value !== "" && JSON.stringify(value) !== "{}";
  return tells ? `Default: ${JSON.stringify(value)}` : "";
}
