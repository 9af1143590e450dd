/**
 * A conversation with a program in a container, as `kubectl exec -it` has it: one WebSocket, whose messages begin
 * with the number of their channel. Enters: keys and window sizes. Leaves: output, and how it ended.
 */
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
const RESIZE = 4;

export interface ExecListener {
  onOpen(): void;
  onOutput(bytes: Uint8Array): void;
  /** Why it ended, "" when the program ended well. */
  onEnd(why: string): void;
}

export interface ExecWish {
  namespace: string;
  pod: string;
  container: string;
  command: readonly string[];
}

export function execPath({ namespace, pod, container, command }: ExecWish): string {
  const query = new URLSearchParams({ container, stdin: "true", stdout: "true", tty: "true" });
  for (const word of command) query.append("command", word);
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/exec?${query}`;
}

export class ExecSession {
  readonly #socket: WebSocket;
  readonly #listener: ExecListener;
  #ended = false;

  constructor(socket: WebSocket, listener: ExecListener) {
    this.#socket = socket;
    this.#listener = listener;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => listener.onOpen();
    socket.onmessage = (event: MessageEvent<ArrayBuffer>) => this.#take(new Uint8Array(event.data));
    socket.onclose = () => this.#end("The connection has ended.");
  }

  send(text: string): void {
    this.#write(STDIN, text);
  }

  resize(columns: number, rows: number): void {
    this.#write(RESIZE, JSON.stringify({ Width: columns, Height: rows }));
  }

  close(): void {
    this.#ended = true;
    this.#socket.close();
  }

  #write(channel: number, text: string): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const bytes = new TextEncoder().encode(text);
    const message = new Uint8Array(bytes.length + 1);
    message[0] = channel;
    message.set(bytes, 1);
    this.#socket.send(message);
  }

  #take(message: Uint8Array): void {
    const body = message.subarray(1);
    if (message[0] === STDOUT || message[0] === STDERR) this.#listener.onOutput(body);
    else if (message[0] === STATUS) this.#end(endOf(new TextDecoder().decode(body)));
  }

  #end(why: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#listener.onEnd(why);
  }
}

/** What a Status says of the end; "" when all went well. */
export function endOf(text: string): string {
  const status: unknown = JSON.parse(text);
  if (status === null || typeof status !== "object") return "";
  if ("status" in status && status.status === "Success") return "";
  return "message" in status && typeof status.message === "string" ? status.message : "It was refused.";
}
