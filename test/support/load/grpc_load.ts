import * as grpc from "@grpc/grpc-js";
import type { Entry, Kind, Way } from "./ledger.ts";
import { ANSWER_MS, type Load } from "./load.ts";

const same = (b: Buffer): Buffer => b;

/** A client of gRPC and of another hand, which has one connection at a time to each of its listeners, and repeats what was never processed. */
function clientOf(port: number): grpc.Client {
  return new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
}

/** Its connection is known by its listener, which nobody else uses. */
function wayOf(port: number): Way {
  return { listener: port, local: null, opened: Date.now() };
}

export class GrpcUnaryLoad implements Load {
  readonly rate: number;
  readonly #kind: Kind;
  readonly #clients: readonly { readonly port: number; readonly client: grpc.Client }[];
  #turn = 0;

  constructor(kind: Kind, ports: readonly number[], rate: number) {
    this.#kind = kind;
    this.rate = rate;
    this.#clients = ports.map((port) => ({ port, client: clientOf(port) }));
  }

  next(): void {
    const { port, client } = this.#clients[this.#turn++ % this.#clients.length]!;
    const entry = this.#kind.send();
    const way = wayOf(port);
    const options = { deadline: Date.now() + ANSWER_MS };
    client.makeUnaryRequest("/test.Echo/Unary", same, same, Buffer.from(entry.id), options, (e, reply) => {
      if (e !== null) entry.failed(e.message, way);
      else if (reply?.toString("latin1") === entry.id) entry.answered();
      else entry.failed(`the answer of ${reply?.toString("latin1")}`, way);
    });
  }

  async end(): Promise<void> {
    for (const { client } of this.#clients) client.close();
  }
}

interface Chat {
  readonly stream: grpc.ClientDuplexStream<Buffer, Buffer>;
  readonly way: Way;
  readonly session: Entry;
  readonly waiting: Entry[];
  /** It is over; resolves then. */
  readonly over: Promise<void>;
  ending: boolean;
}

/** Streams in both directions that stay open; each message is answered. One that is cut is opened anew. */
export class GrpcChatLoad implements Load {
  readonly rate: number;
  readonly #messages: Kind;
  readonly #sessions: Kind;
  readonly #clients: readonly { readonly port: number; readonly client: grpc.Client }[];
  readonly #chats: Chat[];
  #turn = 0;

  constructor(sessions: Kind, messages: Kind, ports: readonly number[], rate: number) {
    this.#sessions = sessions;
    this.#messages = messages;
    this.rate = rate;
    this.#clients = ports.map((port) => ({ port, client: clientOf(port) }));
    this.#chats = this.#clients.map((_, i) => this.#open(i));
  }

  next(): void {
    const { waiting, stream } = this.#chats[this.#turn++ % this.#chats.length]!;
    const entry = this.#messages.send();
    waiting.push(entry);
    stream.write(Buffer.from(entry.id));
  }

  async end(): Promise<void> {
    for (const c of this.#chats) {
      c.ending = true;
      c.stream.end();
      await c.over;
    }
    for (const { client } of this.#clients) client.close();
  }

  #open(i: number): Chat {
    const { port, client } = this.#clients[i]!;
    const stream = client.makeBidiStreamRequest("/test.Echo/Chat", same, same);
    const way = wayOf(port);
    const waiting: Entry[] = [];
    const session = this.#sessions.send();
    stream.on("data", (b: Buffer) => {
      const entry = waiting.shift();
      const got = b.toString("latin1");
      if (entry?.id === got) entry.answered();
      else entry?.failed(`the answer of ${got}`, way);
    });
    stream.on("error", () => {
      // The status tells it.
    });
    const over = new Promise<void>((resolve) => {
      stream.on("status", (s: grpc.StatusObject) => {
        const reason = `the stream ended with ${s.code}, ${s.details}`;
        for (const entry of waiting.splice(0)) entry.failed(reason, way);
        const chat = this.#chats[i]!;
        if (chat.ending && s.code === grpc.status.OK) session.answered();
        else session.failed(reason, way);
        if (!chat.ending) this.#chats[i] = this.#open(i);
        resolve();
      });
    });
    return { stream, way, session, waiting, over, ending: false };
  }
}
