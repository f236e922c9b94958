import type { Call } from "../link/call.ts";
import { type LinkOwner, type LinkTimes, PluginLink } from "../link/plugin_link.ts";
import type { Numbering } from "../process/pool_process.ts";
import { ANSWERED, CANCELLED, OPENED, UNWATCHED, WATCHED } from "./marks.ts";

/** A link that leaves marks of what it says, for the supervisor that passes it on. */
export class SessionLink extends PluginLink {
  readonly #mark: (kind: number, number: number) => void;
  /** Requests of the process that wait for an answer, and the how many-eth each was. */
  readonly #asked = new Map<number | string, number>();
  #requests = 0;

  constructor(
    owner: LinkOwner,
    times: LinkTimes,
    messageBytes: number,
    ids: Numbering,
    mark: (kind: number, number: number) => void,
  ) {
    super(owner, times, messageBytes, ids);
    this.#mark = mark;
  }

  /** A request of the process has come. */
  asked(id: number | string): void {
    this.#asked.set(id, ++this.#requests);
  }

  override request(call: Call, method: string, params: string, at: number, bytes: Uint8Array | null = null): void {
    super.request(call, method, params, at, bytes);
    this.#mark(OPENED, call.id);
  }

  override notify(method: string, params: string, bytes: Uint8Array | null = null): void {
    super.notify(method, params, bytes);
    if (method === "watchEndpoints") this.#mark(WATCHED, watchOf(params));
    else if (method === "unwatchEndpoints") this.#mark(UNWATCHED, watchOf(params));
  }

  override cancel(call: Call): void {
    super.cancel(call);
    this.#mark(CANCELLED, call.id);
  }

  override answer(id: number | string, result: string, bytes: Uint8Array | null = null): void {
    super.answer(id, result, bytes);
    this.#answered(id);
  }

  override refuse(id: number | string, code: number, message: string): void {
    super.refuse(id, code, message);
    this.#answered(id);
  }

  #answered(id: number | string): void {
    const which = this.#asked.get(id);
    if (which === undefined) return;
    this.#asked.delete(id);
    this.#mark(ANSWERED, which);
  }
}

function watchOf(params: string): number {
  return Number((JSON.parse(params) as { readonly watch: unknown }).watch);
}
