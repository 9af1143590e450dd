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
import { bracketMatching, indentOnInput, syntaxHighlighting, indentUnit } from "@codemirror/language";
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
import type { KindInfo } from "../live/discovery.ts";
import { codeColours, codeLook } from "../theme/code.ts";
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
    syntaxHighlighting(codeColours),
    codeLook,
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
