/** What changed between two texts, line by line. */
export interface DiffLine {
  text: string;
  change: "same" | "added" | "removed";
}

/** Beyond this many cells of the comparison table the changed middle is shown as a whole. */
const MOST_CELLS = 4_000_000;

export function diffLines(before: string, after: string): DiffLine[] {
  const a = before.split("\n");
  const b = after.split("\n");
  const shorter = Math.min(a.length, b.length);
  let head = 0;
  while (head < shorter && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const same = (text: string): DiffLine => ({ text, change: "same" });
  return [
    ...b.slice(0, head).map(same),
    ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...b.slice(b.length - tail).map(same),
  ];
}

/** The longest common subsequence kept, the rest removed and added. */
function middle(a: readonly string[], b: readonly string[]): DiffLine[] {
  if (a.length * b.length > MOST_CELLS) {
    return [
      ...a.map((text): DiffLine => ({ text, change: "removed" })),
      ...b.map((text): DiffLine => ({ text, change: "added" })),
    ];
  }
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  const common = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      lengths[i * width + j] =
        a[i] === b[j] ? common(i + 1, j + 1) + 1 : Math.max(common(i + 1, j), common(i, j + 1));
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ text: b[j] ?? "", change: "same" });
      i += 1;
      j += 1;
    } else if (i < a.length && (j >= b.length || common(i + 1, j) >= common(i, j + 1))) {
      lines.push({ text: a[i] ?? "", change: "removed" });
      i += 1;
    } else {
      lines.push({ text: b[j] ?? "", change: "added" });
      j += 1;
    }
  }
  return lines;
}
