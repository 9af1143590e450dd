/**
 * Where each kind lives in the API. Enters: the server's aggregated discovery. Leaves: kind → resource and path.
 * The table is asked for once and kept.
 */
import type { Api, ApiAnswer } from "./api.ts";
import { items, text, tree } from "./json.ts";

export interface KindInfo {
  group: string;
  version: string;
  kind: string;
  /** Plural, as in paths. */
  resource: string;
  namespaced: boolean;
  verbs: readonly string[];
}

export const apiVersionOf = ({ group, version }: Pick<KindInfo, "group" | "version">): string =>
  group ? `${group}/${version}` : version;

/** The path of all objects of a kind, or of one. */
export function pathOf(info: KindInfo, namespace: string, name = ""): string {
  const root = info.group ? `/apis/${info.group}/${info.version}` : `/api/${info.version}`;
  const scope = info.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${root}${scope}/${info.resource}${name ? `/${encodeURIComponent(name)}` : ""}`;
}

const ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

export class Discovery {
  #api: Api;
  #kinds: Promise<readonly KindInfo[]> | undefined;

  constructor(api: Api) {
    this.#api = api;
  }

  /** All kinds, core first; a failed attempt is made again the next time. */
  async kinds(): Promise<readonly KindInfo[]> {
    this.#kinds ??= this.#load();
    try {
      return await this.#kinds;
    } catch (error) {
      this.#kinds = undefined;
      throw error;
    }
  }

  async find(apiVersion: string, kind: string): Promise<KindInfo | undefined> {
    return (await this.kinds()).find((info) => info.kind === kind && apiVersionOf(info) === apiVersion);
  }

  async #load(): Promise<readonly KindInfo[]> {
    const ask = (path: string): Promise<ApiAnswer> =>
      this.#api.request("GET", path, undefined, "", { accept: ACCEPT });
    const [core, groups] = await Promise.all([ask("/api"), ask("/apis")]);
    return [...parseDiscovery(core.body), ...parseDiscovery(groups.body)];
  }
}

export function parseDiscovery(body: unknown): KindInfo[] {
  return items(tree(body)["items"]).flatMap((group) => {
    const name = text(tree(tree(group)["metadata"])["name"]);
    return items(tree(group)["versions"]).flatMap((version) =>
      items(tree(version)["resources"]).map((resource): KindInfo => {
        const { resource: plural, responseKind, scope, verbs } = tree(resource);
        return {
          group: name,
          version: text(tree(version)["version"]),
          kind: text(tree(responseKind)["kind"]),
          resource: text(plural),
          namespaced: scope === "Namespaced",
          verbs: items(verbs).map(text),
        };
      }),
    );
  });
}
