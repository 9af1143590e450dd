/** Lines of a log as they come in, in pieces that end anywhere. */
const MOST = 2000;

/** The last line is open: what comes next continues it. */
export function appendLog(lines: readonly string[], text: string): string[] {
  const [first = "", ...rest] = text.split("\n");
  const open = lines.at(-1) ?? "";
  return [...lines.slice(0, -1), open + first, ...rest].slice(-MOST);
}
