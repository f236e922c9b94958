import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import * as wire from "../unit/http/h2/wire.ts";
import { within } from "./deadline.ts";
import { HpackReader, type Pairs } from "./hpack_reader.ts";
import type { Ending } from "./raw_peer.ts";

const WAIT_MS = 5000;
const FIRST_WINDOW = 65_535;
const FRAME_BYTES = 16_384;
export const SETTING = { tableSize: 1, maxStreams: 3, window: 4, connectProtocol: 8 } as const;

export interface H2PeerOptions {
  /** Settings that it announces. */
  readonly settings?: readonly (readonly [id: number, value: number])[];
  /** Called for each request, when its head is there; for the server's end. */
  readonly serve?: (s: H2PeerStream, peer: H2Peer) => void | Promise<void>;
  /** DATA that came is given back as window at once. True unless it is said. */
  readonly credits?: boolean;
  /** Room for the connection beyond the first 65,535 bytes. */
  readonly connectionRoom?: number;
}

/** One stream as its peer's test sees it. */
export class H2PeerStream {
  readonly id: number;
  readonly peer: H2Peer;
  /** Each header block: interim heads, the head, trailers. */
  readonly blocks: Pairs[] = [];
  /** Of each of them, the names of the literals never indexed (RFC 7541 6.2.3). */
  readonly neverIndexed: (readonly string[])[] = [];
  body = "";
  bodyBytes = 0;
  ended = false;
  /** The code of the RST_STREAM that came; -1: none. */
  resetCode = -1;
  /** Bytes that may be sent on it. */
  room: number;

  constructor(peer: H2Peer, id: number, room: number) {
    this.peer = peer;
    this.id = id;
    this.room = room;
  }

  /** The request's or the final reply's head. */
  get head(): Pairs {
    return this.blocks.find((b) => !/^1/.test(pairValue(b, ":status"))) ?? [];
  }
  get status(): number {
    return Number(pairValue(this.head, ":status") || "0");
  }
  get interim(): number[] {
    return this.blocks.map((b) => pairValue(b, ":status")).flatMap((s) => (/^1/.test(s) ? [Number(s)] : []));
  }
  get trailers(): Pairs {
    const last = this.blocks.at(-1) ?? [];
    return this.blocks.length > 1 && !last.some(([n]) => n.startsWith(":")) ? last : [];
  }
  field(name: string): string {
    return pairValue(this.head, name);
  }
  fields(name: string): string[] {
    return this.head.filter(([n]) => n === name).map(([, v]) => v);
  }

  /** Resolves with the stream when its peer has ended or reset it. */
  async done(ms = WAIT_MS): Promise<this> {
    await this.peer.when(
      `the end of stream ${this.id}`,
      ms,
      () => this.ended || this.resetCode >= 0 || this.peer.ending !== "open",
    );
    if (!this.ended && this.resetCode < 0) throw new Error(`the connection ended (${this.peer.ending}) before stream ${this.id}`);
    return this;
  }

  async headed(ms = WAIT_MS): Promise<this> {
    await this.peer.when(`a head on stream ${this.id}`, ms, () => this.head.length > 0 || this.resetCode >= 0);
    return this;
  }

  /** `never`: names of the fields that are literals never indexed. */
  sendHead(pairs: Pairs, end: boolean, never: readonly string[] = []): void {
    this.peer.write(wire.frame(wire.HEADERS, end ? wire.WHOLE : wire.END_HEADERS, this.id, wire.block(pairs, never)));
  }

  /** Sends as the windows allow; resolves when all of it is written, or the stream is gone. */
  async send(body: string | Uint8Array, end = false): Promise<void> {
    const bytes = typeof body === "string" ? Buffer.from(body, "latin1") : body;
    let at = 0;
    do {
      await this.peer.when(`room on stream ${this.id}`, 60_000, () => bytes.length === 0 || this.#roomNow > 0 || this.#gone);
      if (this.#gone) return;
      const n = Math.min(bytes.length - at, this.#roomNow, FRAME_BYTES);
      this.room -= n;
      this.peer.room -= n;
      at += n;
      await this.peer.write(dataFrame(this.id, bytes.subarray(at - n, at), end && at === bytes.length));
    } while (at < bytes.length);
  }

  reset(code: number): void {
    this.peer.write(wire.reset(this.id, code));
  }

  credit(bytes: number): void {
    this.peer.write(wire.windowUpdate(this.id, bytes));
  }

  get #roomNow(): number {
    return Math.min(this.room, this.peer.room);
  }
  get #gone(): boolean {
    return this.resetCode >= 0 || this.peer.ending !== "open";
  }
}

/** One end of an HTTP/2 connection, frame by frame. It answers SETTINGS and PING and does nothing else by itself. */
export class H2Peer {
  readonly socket: Socket;
  readonly streams = new Map<number, H2PeerStream>();
  readonly goAways: { readonly last: number; readonly code: number }[] = [];
  readonly settings = new Map<number, number>();
  /** PINGs that came, acknowledgements apart. */
  pings = 0;
  ending: Ending = "open";
  /** Bodies are counted and dropped: for those too large to keep. */
  countOnly = false;
  credits: boolean;
  /** Bytes that may be sent on the connection. */
  room = FIRST_WINDOW;
  /** What else is to be known of frames as they come. */
  onFrame: ((f: wire.Frame) => void) | null = null;
  readonly #isServer: boolean;
  readonly #serve: H2PeerOptions["serve"];
  readonly #hpack = new HpackReader();
  #bytes: Buffer = Buffer.alloc(0);
  #preface: boolean;
  #nextId = 1;
  #block: Uint8Array[] = [];
  #blockFlags = 0;
  #wake: (() => void)[] = [];

  constructor(socket: Socket, role: "client" | "server", o: H2PeerOptions = {}) {
    this.socket = socket;
    this.#isServer = role === "server";
    this.#preface = this.#isServer;
    this.#serve = o.serve;
    this.credits = o.credits ?? true;
    socket.setNoDelay(true);
    socket.on("data", (b: Buffer) => this.#received(b));
    socket.on("end", () => this.#left("end"));
    socket.on("error", () => this.#left("reset"));
    socket.on("close", () => this.#left("reset"));
    const first = wire.settings(...(o.settings ?? []));
    this.write(this.#isServer ? first : wire.join(wire.PREFACE, first));
    if (o.connectionRoom !== undefined) this.write(wire.windowUpdate(0, o.connectionRoom));
  }

  write(b: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (this.socket.destroyed) resolve();
      else this.socket.write(b, () => resolve());
    });
  }

  /** Begins a stream; its body, where there is one, is sent as the windows allow. */
  request(pairs: Pairs, body: string | Uint8Array | null = null): H2PeerStream {
    const s = this.open(pairs, body === null);
    if (body !== null) void s.send(body, true);
    return s;
  }

  open(pairs: Pairs, end: boolean, never: readonly string[] = []): H2PeerStream {
    const s = this.#stream(this.#nextId);
    this.#nextId += 2;
    s.sendHead(pairs, end, never);
    return s;
  }

  get(authority: string, path: string, ...more: Pairs): H2PeerStream {
    return this.request(request("GET", authority, path, ...more));
  }

  goAway(last: number, code = 0): void {
    this.write(wire.goAway(last, code));
  }

  end(): void {
    this.socket.end();
  }
  destroy(): void {
    this.socket.destroy();
  }
  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  async left(ms = WAIT_MS): Promise<Ending> {
    await this.when("the other end to leave", ms, () => this.ending !== "open");
    return this.ending;
  }

  /** Resolves when `holds` is true, asked again at each event of the connection. */
  when(what: string, ms: number, holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    const met = new Promise<void>((resolve) => {
      const ask = (): void => {
        if (holds()) resolve();
        else this.#wake.push(ask);
      };
      ask();
    });
    return within(what, ms, met).catch((e) => {
      throw new Error(`${(e as Error).message}; ${this.ending}, GOAWAY ${JSON.stringify(this.goAways)}`);
    });
  }

  #left(how: Ending): void {
    if (this.ending === "open") this.ending = how;
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const f of wake) f();
  }

  #stream(id: number): H2PeerStream {
    const s = new H2PeerStream(this, id, this.settings.get(SETTING.window) ?? FIRST_WINDOW);
    this.streams.set(id, s);
    return s;
  }

  #received(b: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? b : Buffer.concat([this.#bytes, b]);
    if (this.#preface) {
      if (this.#bytes.length < wire.PREFACE.length) return;
      if (!this.#bytes.subarray(0, wire.PREFACE.length).equals(wire.PREFACE)) {
        this.socket.destroy(new Error("no preface"));
        return;
      }
      this.#bytes = this.#bytes.subarray(wire.PREFACE.length);
      this.#preface = false;
    }
    let at = 0;
    const all = this.#bytes;
    while (all.length - at >= 9) {
      const n = all.readUIntBE(at, 3);
      if (all.length - at < 9 + n) break;
      const payload = all.subarray(at + 9, at + 9 + n);
      this.#frame({ type: all[at + 3]!, flags: all[at + 4]!, id: all.readUInt32BE(at + 5), payload });
      at += 9 + n;
    }
    this.#bytes = all.subarray(at);
    this.#notify();
  }

  #frame(f: wire.Frame): void {
    this.onFrame?.(f);
    const view = new DataView(f.payload.buffer, f.payload.byteOffset, f.payload.byteLength);
    const s = this.streams.get(f.id);
    switch (f.type) {
      case wire.DATA:
        this.#data(f, s);
        return;
      case wire.HEADERS:
        this.#blockFlags = f.flags;
        this.#block = [f.payload];
        if ((f.flags & wire.END_HEADERS) !== 0) this.#head(f.id);
        return;
      case wire.CONTINUATION:
        this.#block.push(f.payload);
        if ((f.flags & wire.END_HEADERS) !== 0) this.#head(f.id);
        return;
      case wire.RST_STREAM:
        if (s !== undefined) s.resetCode = view.getUint32(0);
        return;
      case wire.SETTINGS:
        if ((f.flags & wire.ACK) !== 0) return;
        for (let i = 0; i < f.payload.length; i += 6) this.#setting(view.getUint16(i), view.getUint32(i + 2));
        this.write(wire.SETTINGS_ACK);
        return;
      case wire.PING:
        if ((f.flags & wire.ACK) !== 0) return;
        this.pings++;
        this.write(wire.frame(wire.PING, wire.ACK, 0, f.payload));
        return;
      case wire.GOAWAY:
        this.goAways.push({ last: view.getUint32(0), code: view.getUint32(4) });
        return;
      case wire.WINDOW_UPDATE:
        if (f.id === 0) this.room += view.getUint32(0);
        else if (s !== undefined) s.room += view.getUint32(0);
    }
  }

  #setting(id: number, value: number): void {
    if (id === SETTING.window) {
      const before = this.settings.get(id) ?? FIRST_WINDOW;
      for (const s of this.streams.values()) s.room += value - before;
    }
    this.settings.set(id, value);
  }

  #data(f: wire.Frame, s: H2PeerStream | undefined): void {
    if (s !== undefined) {
      s.bodyBytes += f.payload.length;
      if (!this.countOnly) s.body += Buffer.from(f.payload).toString("latin1");
      if ((f.flags & wire.END_STREAM) !== 0) s.ended = true;
    }
    if (!this.credits || f.payload.length === 0) return;
    this.write(wire.join(wire.windowUpdate(0, f.payload.length), wire.windowUpdate(f.id, f.payload.length)));
  }

  #head(id: number): void {
    const isNew = !this.streams.has(id);
    const s = this.streams.get(id) ?? this.#stream(id);
    s.blocks.push(this.#hpack.read(wire.join(...this.#block)));
    s.neverIndexed.push(this.#hpack.neverIndexed);
    if ((this.#blockFlags & wire.END_STREAM) !== 0) s.ended = true;
    if (!isNew || !this.#isServer) return;
    const served = this.#serve?.(s, this);
    if (served !== undefined) served.catch(() => this.destroy());
  }
}

/** DATA by one copy, for bodies that are large. */
function dataFrame(id: number, payload: Uint8Array, end: boolean): Uint8Array {
  const head = Buffer.from(wire.frame(wire.DATA, end ? wire.END_STREAM : 0, id));
  head.writeUIntBE(payload.length, 0, 3);
  return Buffer.concat([head, payload]);
}

/** The head of a request over TLS; fields come behind the pseudo-fields. */
export function request(method: string, authority: string, path: string, ...more: Pairs): Pairs {
  return [[":method", method], [":scheme", "https"], [":authority", authority], [":path", path], ...more];
}

export function pairValue(pairs: Pairs, name: string): string {
  return pairs.find(([n]) => n === name)?.[1] ?? "";
}
