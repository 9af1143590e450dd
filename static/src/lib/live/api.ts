/** The page's only way to ask the server for something: the Kubernetes API, by fetch. */
import type { Hello } from "./protocol.ts";

export interface ApiAnswer {
  ok: boolean;
  status: number;
  body: unknown;
  /** What the API server warns of, in its own words. */
  warnings: string[];
}

export interface RequestOptions {
  accept?: string;
  signal?: AbortSignal;
  /** A path of the whole server, not of the room. */
  root?: boolean;
  /** About the present, wherever the page is looking. */
  present?: boolean;
}

/** What only the present can answer. */
const PRESENT_ONLY = /^\/inside\//;

/** Said instead of sending what the past cannot take. */
export const PAST_REFUSAL =
  "This is the past: it can be looked at, not changed. Go back to now first, or branch from here.";

const CLOCK = "/apis/sim.podarium.dev/v1alpha1/clocks/cluster";

export interface ClockSpec {
  /** A number's text from 0.01 to 1000, or `max`. */
  speed?: string;
  paused?: boolean;
  /** An RFC 3339 time, `nextFact` or `nextStep`. */
  runUntil?: string;
}

/** A client of one room's API; prefix and token come with `hello`. */
export class Api {
  #prefix = "";
  #token = "";
  /** The moment that is looked at, as `?podariumAt=` names it; "" is now. */
  at = "";

  configure(hello: Pick<Hello, "apiPrefix" | "apiToken">): void {
    this.#prefix = hello.apiPrefix;
    this.#token = hello.apiToken;
  }

  /** Sends a request below the room's prefix; the body is sent as it is, the answer read as JSON or text. */
  async request(
    method: string,
    path: string,
    body?: string,
    type = "application/json",
    options: RequestOptions = {},
  ): Promise<ApiAnswer> {
    const changes = method !== "GET" && !options.present;
    if (this.at && (changes || PRESENT_ONLY.test(path))) {
      return { ok: false, status: 405, body: { kind: "Status", message: PAST_REFUSAL }, warnings: [] };
    }
    const asked = options.present || options.root ? path : this.#dated(path);
    const answer = await this.#send(method, asked, body, type, options);
    const text = await answer.text();
    const json = (answer.headers.get("Content-Type") ?? "").includes("json");
    return {
      ok: answer.ok,
      status: answer.status,
      body: json && text ? JSON.parse(text) : text,
      warnings: warningsIn(answer.headers.get("Warning") ?? ""),
    };
  }

  /** Reads text as it comes, until the server ends it or `signal` stops it; an answer that is none is returned. */
  async follow(path: string, onText: (text: string) => void, signal: AbortSignal): Promise<ApiAnswer | null> {
    const answer = await this.#send("GET", path, undefined, "", { signal });
    if (!answer.ok || !answer.body) {
      const text = await answer.text();
      const json = (answer.headers.get("Content-Type") ?? "").includes("json");
      return { ok: false, status: answer.status, body: json && text ? JSON.parse(text) : text, warnings: [] };
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) onText(piece.value);
    return null;
  }

  /** Opens a WebSocket below the room's prefix; browsers can only name a token among the protocols. */
  socket(path: string, protocols: readonly string[]): WebSocket {
    const url = new URL(this.#prefix + path, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const token = this.#token
      ? [
          `base64url.bearer.authorization.k8s.io.${btoa(this.#token).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`,
        ]
      : [];
    return new WebSocket(url, [...protocols, ...token]);
  }

  /** The path that reads the moment looked at; what is no object of the API knows no moments. */
  #dated(path: string): string {
    if (!this.at || !/^\/apis?\//.test(path)) return path;
    return `${path}${path.includes("?") ? "&" : "?"}podariumAt=${encodeURIComponent(this.at)}`;
  }

  #send(
    method: string,
    path: string,
    body: string | undefined,
    type: string,
    { accept = "application/json", signal, root = false }: RequestOptions,
  ): Promise<Response> {
    const headers: Record<string, string> = { Accept: accept };
    if (body !== undefined) headers["Content-Type"] = type;
    if (this.#token) headers["Authorization"] = `Bearer ${this.#token}`;
    const init: RequestInit = { method, headers };
    if (body !== undefined) init.body = body;
    if (signal) init.signal = signal;
    return fetch((root ? "" : this.#prefix) + path, init);
  }

  /** Changes how virtual time runs. */
  patchClock(spec: ClockSpec): Promise<ApiAnswer> {
    return this.request("PATCH", CLOCK, JSON.stringify({ spec }), "application/merge-patch+json");
  }

  /** What goes on inside a Pod at this moment: memory, processor time, probes, volumes. */
  lookInside(node: string, uid: string): Promise<ApiAnswer> {
    return this.request("GET", `/inside/pods/${encodeURIComponent(node)}/${encodeURIComponent(uid)}`);
  }

  /** What the server knows about a Pod's nine steps, verdicts and scores. */
  explainPod(namespace: string, name: string): Promise<ApiAnswer> {
    return this.request("GET", `/explain/pods/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`);
  }
}

/** The texts of `299 - "…"` warnings, of which a header may hold several. */
export function warningsIn(header: string): string[] {
  return [...header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) =>
    text.replaceAll(/\\(.)/g, "$1"),
  );
}
