/** Reading JSON whose shape is known but not checked: what is missing or of another type reads as empty. */
export type JsonTree = Record<string, unknown>;

export const isTree = (value: unknown): value is JsonTree =>
  value !== null && typeof value === "object" && !Array.isArray(value);
export const tree = (value: unknown): JsonTree => (isTree(value) ? value : {});
export const items = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const text = (value: unknown): string => (typeof value === "string" ? value : "");
export const amount = (value: unknown): number => (typeof value === "number" ? value : 0);

/** What lies at a path of keys. */
export const at = (value: unknown, ...path: string[]): unknown =>
  path.reduce<unknown>((inner, key) => tree(inner)[key], value);
