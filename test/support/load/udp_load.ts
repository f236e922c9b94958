import { createSocket, type Socket } from "node:dgram";
import type { Entry, Kind, Way } from "./ledger.ts";
import type { Load } from "./load.ts";

/** Nobody sends a datagram again: without an answer for so long it is lost. */
const LOST_MS = 10_000;

interface Client {
  readonly socket: Socket;
  readonly waiting: Map<string, Entry>;
}

/** Datagrams of few clients, so that each has one session for as long as the load lasts. Each is answered once. */
export class UdpLoad implements Load {
  readonly rate: number;
  readonly #kind: Kind;
  readonly #port: number;
  readonly #count: number;
  readonly #clients: Client[] = [];
  #turn = 0;

  constructor(kind: Kind, port: number, rate: number, clients: number) {
    this.#kind = kind;
    this.#port = port;
    this.rate = rate;
    this.#count = clients;
  }

  async begin(): Promise<void> {
    for (let i = 0; i < this.#count; i++) await this.more();
  }

  async more(): Promise<void> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(0, "127.0.0.1", () => socket.connect(this.#port, "127.0.0.1", () => resolve()));
    });
    const client: Client = { socket, waiting: new Map() };
    // A refusal is a datagram that is lost, and found so.
    socket.on("error", () => {});
    socket.on("message", (b) => this.#answered(client, b.toString("latin1")));
    this.#clients.push(client);
  }

  next(): void {
    const { socket, waiting } = this.#clients[this.#turn++ % this.#clients.length]!;
    const entry = this.#kind.send();
    const way = this.#way();
    waiting.set(entry.id, entry);
    socket.send(entry.id);
    setTimeout(() => {
      if (waiting.delete(entry.id)) entry.failed("no answer", way);
    }, LOST_MS);
  }

  async end(): Promise<void> {
    for (const { socket } of this.#clients) socket.close();
  }

  #answered({ waiting }: Client, id: string): void {
    const entry = waiting.get(id);
    if (entry === undefined) {
      this.#kind.send().failed(`an answer that nobody waited for: ${id}`, this.#way());
      return;
    }
    waiting.delete(id);
    entry.answered();
  }

  /** Which worker has its session is not known: the kernel chooses, and there is no connection to find. */
  #way(): Way {
    return { listener: this.#port, local: null, opened: Date.now() };
  }
}
