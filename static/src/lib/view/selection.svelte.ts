/** What is selected, as a reference that survives a reload: `?select=Pod/default/web`. */
export interface ObjectRef {
  kind: string;
  namespace: string;
  name: string;
}

export function parseRef(text: string | null): ObjectRef | null {
  const parts = (text ?? "").split("/");
  const [kind = "", second = "", third] = parts;
  if (!kind || !second || parts.length > 3) return null;
  return third === undefined
    ? { kind, namespace: "", name: second }
    : { kind, namespace: second, name: third };
}

export function formatRef({ kind, namespace, name }: ObjectRef): string {
  return namespace ? `${kind}/${namespace}/${name}` : `${kind}/${name}`;
}

export class Selection {
  ref = $state.raw<ObjectRef | null>(null);

  select(ref: ObjectRef): void {
    this.ref = ref;
  }

  clear(): void {
    this.ref = null;
  }

  is(kind: string, namespace: string, name: string): boolean {
    const { ref } = this;
    return ref !== null && ref.kind === kind && ref.namespace === namespace && ref.name === name;
  }
}
