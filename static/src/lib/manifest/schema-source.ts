/** Fetches the API's schemas, one group and version at a time, when they are first needed. */
import type { Api } from "../live/api.ts";
import { tree } from "../live/json.ts";
import { SchemaIndex, type Schema } from "./schema.ts";

export class SchemaSource {
  #api: Api;
  #loading = new Map<string, Promise<SchemaIndex | undefined>>();
  #loaded = new Map<string, SchemaIndex>();

  constructor(api: Api) {
    this.#api = api;
  }

  /** What is there already; asks for the rest, so that it is there the next time. */
  peek(apiVersion: string): SchemaIndex | undefined {
    void this.load(apiVersion);
    return this.#loaded.get(apiVersion);
  }

  /** Undefined for a version that the server does not know, or while it cannot be reached. */
  load(apiVersion: string): Promise<SchemaIndex | undefined> {
    if (!/^(?:[a-z0-9.-]+\/)?v[a-z0-9]+$/.test(apiVersion)) return Promise.resolve(undefined);
    const known = this.#loading.get(apiVersion);
    if (known) return known;
    const loading = this.#fetch(apiVersion);
    this.#loading.set(apiVersion, loading);
    return loading;
  }

  async #fetch(apiVersion: string): Promise<SchemaIndex | undefined> {
    const path = apiVersion.includes("/")
      ? `/openapi/v3/apis/${apiVersion}`
      : `/openapi/v3/api/${apiVersion}`;
    try {
      const answer = await this.#api.request("GET", path);
      if (!answer.ok) return undefined;
      const schemas = tree(tree(tree(answer.body)["components"])["schemas"]) as Record<string, Schema>;
      const index = new SchemaIndex(schemas);
      this.#loaded.set(apiVersion, index);
      return index;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.#loading.delete(apiVersion);
      return undefined;
    }
  }
}
