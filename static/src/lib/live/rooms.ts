/** The rooms of the server: listed, made, branched off and deleted; a complaint is "" when all went well. */
import type { Api, ApiAnswer } from "./api.ts";
import type { BranchPoint, NewRoom, RoomsView, RoomView } from "./history.ts";
import { statusMessage } from "./status.ts";

const ROOMS = "/rooms";
const UNREACHABLE = "The server cannot be reached; nothing was changed.";

export type RoomPlan = Partial<Omit<NewRoom, "name" | "branch">>;
export type Made = { room: RoomView; complaint: "" } | { room: null; complaint: string };

export class RoomsClient {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Null when they cannot be had. */
  async list(): Promise<RoomsView | null> {
    const answer = await this.#ask("GET", ROOMS);
    return answer?.ok ? (answer.body as RoomsView) : null;
  }

  create(name: string, plan: RoomPlan): Promise<Made> {
    return this.#make({ name, ...plan });
  }

  branch(name: string, branch: BranchPoint): Promise<Made> {
    return this.#make({ name, branch });
  }

  async remove(name: string): Promise<string> {
    const answer = await this.#ask("DELETE", `${ROOMS}/${encodeURIComponent(name)}`);
    return answer?.ok ? "" : complaintOf(answer);
  }

  async #make(room: unknown): Promise<Made> {
    const answer = await this.#ask("POST", ROOMS, JSON.stringify(room));
    if (answer?.ok) return { room: answer.body as RoomView, complaint: "" };
    return { room: null, complaint: complaintOf(answer) };
  }

  async #ask(method: string, path: string, body?: string): Promise<ApiAnswer | null> {
    try {
      return await this.#api.request(method, path, body, "application/json", { root: true, present: true });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return null;
    }
  }
}

const complaintOf = (answer: ApiAnswer | null): string =>
  answer ? statusMessage(answer.body) || `The server answered ${answer.status}.` : UNREACHABLE;
