/** A small YAML editor for the scheduler's configuration; loaded when it is first needed. */
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { codeColours, codeLook } from "../theme/code.ts";
import type { Mistake } from "./scheduler-config.ts";

export interface ConfigEditor {
  text(): string;
  replace(text: string): void;
  /** Marks the lines of the mistakes. */
  mark(mistakes: readonly Mistake[]): void;
  goTo(line: number): void;
  destroy(): void;
}

export interface EditorHost {
  onEdit(): void;
  apply(): void;
  close(): void;
}

export function configEditor(
  parent: HTMLElement,
  doc: string,
  readOnly: boolean,
  host: EditorHost,
): ConfigEditor {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc,
      extensions: [
        EditorView.cspNonce.of(nonce),
        EditorState.readOnly.of(readOnly),
        lineNumbers(),
        highlightActiveLine(),
        history(),
        drawSelection(),
        indentUnit.of("  "),
        yaml(),
        syntaxHighlighting(codeColours),
        codeLook,
        lintGutter(),
        EditorView.contentAttributes.of({ "aria-label": "Scheduler configuration, YAML" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) host.onEdit();
        }),
        keymap.of([
          { key: "Mod-Enter", run: () => (host.apply(), true) },
          ...historyKeymap,
          ...defaultKeymap,
          { key: "Escape", run: () => (host.close(), true) },
        ]),
      ],
    }),
  });
  const lineAt = (line: number) => view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
  return {
    text: () => view.state.doc.toString(),
    replace: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    mark: (mistakes) => {
      const found = mistakes.map(({ line, text }): Diagnostic => {
        const { from, to } = lineAt(line);
        return { from, to, message: text, severity: "error" };
      });
      view.dispatch(setDiagnostics(view.state, found));
    },
    goTo: (line) => {
      const { from } = lineAt(line);
      view.dispatch({
        selection: { anchor: from },
        effects: EditorView.scrollIntoView(from, { y: "center" }),
      });
      view.focus();
    },
    destroy: () => view.destroy(),
  };
}
