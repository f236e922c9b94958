import type { MemoryPlatform } from "../../../src/platform/memory.ts";
import { readMessage } from "../../support/message.ts";
import { Peer } from "../../unit/exchange/site.ts";
import {
  block,
  DATA,
  data,
  END_STREAM,
  FrameLog,
  frame,
  HEADERS,
  headers,
  latin1,
  PREFACE,
  RST_STREAM,
  SETTINGS_ACK,
  settings,
  text,
  WHOLE,
  windowUpdate,
} from "../../unit/http/h2/wire.ts";
import type { Pairs } from "./behaviour.ts";

/** A request, whatever it is sent over. */
export interface Asking {
  readonly method?: string;
  readonly path?: string;
  readonly authority?: string;
  readonly fields?: Pairs;
  /** Its parts, each sent by itself; absent: it has none. */
  readonly body?: readonly string[];
  readonly trailers?: Pairs;
  /** Milliseconds that the clock goes on, when all is sent. */
  readonly waitMs?: number;
  /** The client goes away, when all is sent. */
  readonly leaves?: true;
}

/** What came back, whatever it came over. */
export interface Seen {
  /** 0: no head. */
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
  readonly trailers: Readonly<Record<string, string>>;
  /** Whether the reply is whole; otherwise the stream was reset, or the connection over HTTP/1. */
  readonly whole: boolean;
}

/** The weir that is asked. */
export interface Asked {
  readonly platform: MemoryPlatform;
  settled(): Promise<void>;
  advance(ms: number): Promise<void>;
}

const LISTEN = { kind: "tcp", host: "127.0.0.1", port: 8080 } as const;

/** Over HTTP/1.1, on a connection of its own. */
export async function askH1(weir: Asked, a: Asking): Promise<Seen> {
  const { method = "GET", path = "/", authority = "a.example", fields = [], body, trailers } = a;
  const peer = await dial(weir);
  const size = body?.reduce((n, p) => n + p.length, 0);
  const framing =
    body === undefined ? "" : trailers === undefined ? `content-length: ${size}\r\n` : "transfer-encoding: chunked\r\n";
  peer.send(`${method} ${path} HTTP/1.1\r\nHost: ${authority}\r\n${fields.map(line).join("")}${framing}\r\n`);
  await weir.settled();
  for (const p of body ?? []) {
    peer.send(trailers === undefined ? p : `${p.length.toString(16)}\r\n${p}\r\n`);
    await weir.settled();
  }
  if (trailers !== undefined) peer.send(`0\r\n${trailers.map(line).join("")}\r\n`);
  await rest(weir, peer, a);
  const ended = peer.gone;
  let received = peer.text;
  for (let m = readMessage(received, { role: "response", method }, false); m !== null && m.status < 200; ) {
    received = received.slice(m.raw.length);
    m = readMessage(received, { role: "response", method }, false);
  }
  const m = readMessage(received, { role: "response", method }, ended && peer.closed === "");
  if (m !== null) return { status: m.status, fields: byName(m.fields), body: m.body, trailers: byName(m.trailers), whole: true };
  const [, status = "0"] = /^HTTP\/1\.1 (\d{3})/.exec(received) ?? [];
  if (Number(status) === 0 && !ended) throw new Error(`nothing came: ${JSON.stringify(peer.text)}`);
  return {
    status: Number(status),
    fields: {},
    body: received.slice(received.indexOf("\r\n\r\n") + 4),
    trailers: {},
    whole: false,
  };
}

/** Over HTTP/2 in cleartext, on a connection of its own. */
export async function askH2(weir: Asked, a: Asking): Promise<Seen> {
  const { method = "GET", path = "/", authority = "a.example", fields = [], body, trailers } = a;
  const peer = await dial(weir);
  const send = async (...frames: readonly Uint8Array[]): Promise<void> => {
    for (const f of frames) peer.send(text(f));
    await weir.settled();
  };
  const size = body?.reduce((n, p) => n + p.length, 0);
  const length: Pairs = body === undefined || trailers !== undefined ? [] : [["content-length", `${size}`]];
  const head: Pairs = [
    [":method", method],
    [":scheme", "http"],
    [":authority", authority],
    [":path", path],
    ...fields,
    ...length,
  ];
  const bodyless = body === undefined && trailers === undefined;
  await send(
    PREFACE,
    settings(),
    SETTINGS_ACK,
    windowUpdate(0, 1 << 30),
    headers(1, head, bodyless ? WHOLE : WHOLE & ~END_STREAM),
  );
  for (const [i, p] of (body ?? []).entries())
    await send(data(1, p, trailers === undefined && i === body!.length - 1 ? END_STREAM : 0));
  if (trailers !== undefined) await send(frame(HEADERS, WHOLE, 1, block(trailers)));
  await rest(weir, peer, a);
  return readFrames(latin1(peer.text));
}

async function dial(weir: Asked): Promise<Peer> {
  const peer = new Peer();
  weir.platform.dial(LISTEN, {}, peer);
  await weir.settled();
  return peer;
}

async function rest(weir: Asked, peer: Peer, { waitMs, leaves }: Asking): Promise<void> {
  await weir.settled();
  if (leaves === true) peer.conn!.reset();
  if (waitMs !== undefined) await weir.advance(waitMs);
  await weir.settled();
}

function readFrames(bytes: Uint8Array): Seen {
  const log = new FrameLog();
  log.read(bytes);
  const seen = { status: 0, fields: {}, body: "", trailers: {}, whole: false };
  for (const [i, f] of log.frames.entries()) {
    if (f.id !== 1) continue;
    if (f.type === DATA) seen.body += text(f.payload);
    else if (f.type === HEADERS) {
      const [, status, shown = ""] = /^HEADERS 1(?: end)? ?(\d{3})?(?: ?\[(.*)\])?$/s.exec(log.lines[i]!) ?? [];
      if (Number(status) < 200) continue;
      const pairs = byName(
        shown === "" ? [] : shown.split(" | ").map((p) => [p.slice(0, p.indexOf(": ")), p.slice(p.indexOf(": ") + 2)]),
      );
      if (status === undefined) seen.trailers = pairs;
      else Object.assign(seen, { status: Number(status), fields: pairs });
    } else if (f.type === RST_STREAM) continue;
    if ((f.type === DATA || f.type === HEADERS) && (f.flags & END_STREAM) !== 0) seen.whole = true;
  }
  return seen;
}

function line([name, value]: readonly [string, string]): string {
  return `${name}: ${value}\r\n`;
}

function byName(fields: readonly (readonly string[])[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of fields as [string, string][]) {
    const key = name.toLowerCase();
    out[key] = out[key] === undefined ? value : `${out[key]}, ${value}`;
  }
  return out;
}
