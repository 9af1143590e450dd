/** How text in an editor looks: CodeMirror in this page's colours and type. */
import { HighlightStyle } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export const codeColours = HighlightStyle.define([
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

export const codeLook = EditorView.theme({
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
