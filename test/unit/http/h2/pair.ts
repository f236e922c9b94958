import type { ProxyError } from "../../../../src/base/error.ts";
import { ClientDrive } from "./client_drive.ts";
import type { ClientSettings, ServerSettings } from "./options.ts";
import { ServerDrive } from "./server_drive.ts";
import { join } from "./wire.ts";

/** A client and a server codec with a wire between them that a test cuts, holds back and breaks as it likes. */
export class Pair {
  readonly client: ClientDrive;
  readonly server: ServerDrive;
  /** Bytes that a direction carries at once; each call takes the next. */
  cut: () => number = () => Number.POSITIVE_INFINITY;
  /** On their way: to the server, to the client. */
  readonly #up = new Wire();
  readonly #down = new Wire();

  constructor(settings: { readonly client?: ClientSettings; readonly server?: ServerSettings } = {}) {
    this.client = new ClientDrive(settings.client, false);
    this.server = new ServerDrive(settings.server, false);
  }

  /** Moves one piece each way; false: nothing was on its way. */
  step(): boolean {
    const { client, server } = this;
    this.#up.put(this.#taken(client));
    this.#down.put(this.#taken(server));
    if (this.#up.empty && this.#down.empty && !client.codec.hasInput && !server.codec.hasInput) return false;
    this.#note(server.codec.receive(this.#up.take(this.cut())), server.faults);
    this.#note(client.codec.receive(this.#down.take(this.cut())), client.faults);
    return true;
  }

  /** Until nothing moves any more. */
  run(): void {
    for (let i = 0; this.step(); i++) if (i > 1_000_000) throw new Error("the wire never rests");
  }

  #taken(side: ClientDrive | ServerDrive): Uint8Array {
    const b = side.taken();
    side.log.read(b);
    return b;
  }

  #note(e: ProxyError | null, faults: ProxyError[]): void {
    if (e !== null) faults.push(e);
  }
}

class Wire {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;

  get empty(): boolean {
    return this.#at === this.#bytes.length;
  }

  put(b: Uint8Array): void {
    if (b.length === 0) return;
    this.#bytes = join(this.#bytes.subarray(this.#at), b);
    this.#at = 0;
  }

  take(n: number): Uint8Array {
    const to = Math.min(this.#at + n, this.#bytes.length);
    const b = this.#bytes.slice(this.#at, to);
    this.#at = to;
    return b;
  }
}
