import { Buffer } from "node:buffer";
import { createSocket, type Socket } from "node:dgram";
import { within } from "./deadline.ts";

const ANSWER_MS = 5_000;

/** A client of UDP with a port of its own, which takes answers from the address that it asked alone. */
export class UdpClient {
  /** All that came, in its order. */
  readonly answers: Buffer[] = [];
  readonly port: number;
  readonly #socket: Socket;
  #waiters: { n: number; resolve: () => void }[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on("error", () => {});
    socket.on("message", (b) => {
      this.answers.push(b);
      const waiting = this.#waiters;
      this.#waiters = [];
      for (const w of waiting) {
        if (this.answers.length >= w.n) w.resolve();
        else this.#waiters.push(w);
      }
    });
  }

  static open(port: number, host = "127.0.0.1", source?: string): Promise<UdpClient> {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(0, source ?? (host.includes(":") ? "::1" : "127.0.0.1"), () =>
        socket.connect(port, host, () => {
          socket.removeListener("error", reject);
          resolve(new UdpClient(socket));
        }),
      );
    });
  }

  get texts(): string[] {
    return this.answers.map((b) => b.toString("latin1"));
  }

  send(b: Uint8Array | string): void {
    this.#socket.send(b);
  }

  /** Resolves when so many answers have come in all. */
  async until(n: number): Promise<void> {
    if (this.answers.length >= n) return;
    await within(`answer ${n}`, ANSWER_MS, new Promise<void>((resolve) => this.#waiters.push({ n, resolve })));
  }

  /** Sends, and gives the next answer. */
  async ask(b: Uint8Array | string): Promise<string> {
    const n = this.answers.length + 1;
    this.send(b);
    await this.until(n);
    return this.answers[n - 1]!.toString("latin1");
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** A server of UDP. */
export class UdpOrigin {
  readonly port: number;
  /** What came. */
  readonly asked: Buffer[] = [];
  /** Ports that it was asked from. */
  readonly from = new Set<number>();
  readonly #socket: Socket;
  #held: (() => void)[] | null = null;

  private constructor(socket: Socket, answer: (b: Buffer) => Uint8Array | string | null) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on("error", () => {});
    socket.on("message", (b, { port, address }) => {
      this.asked.push(b);
      this.from.add(port);
      const reply = answer(b);
      if (this.#held !== null && reply !== null) {
        this.#held.push(() => socket.send(reply, port, address));
        return;
      }
      if (reply !== null) socket.send(reply, port, address);
    });
  }

  /** `answer`: null for none. */
  static start(answer: (b: Buffer) => Uint8Array | string | null, port = 0): Promise<UdpOrigin> {
    const socket = createSocket("udp4");
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(port, "127.0.0.1", () => {
        socket.removeListener("error", reject);
        resolve(new UdpOrigin(socket, answer));
      });
    });
  }

  /** Gives back what comes, behind its name. */
  static echo(name: string, port = 0): Promise<UdpOrigin> {
    return UdpOrigin.start((b) => Buffer.concat([Buffer.from(name), b]), port);
  }

  /** Answers are kept back until `release`. */
  hold(): void {
    this.#held ??= [];
  }

  /** Sends what was kept back, and answers at once from now on. */
  release(): void {
    for (const send of this.#held ?? []) send();
    this.#held = null;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }
}
