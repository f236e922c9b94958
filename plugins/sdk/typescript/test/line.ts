import { Buffer } from "node:buffer";
import type { Plugin } from "../plugin.ts";
import { Reader } from "../reader.ts";
import { Session } from "../session.ts";
import { Writer } from "../writer.ts";

/** A plugin without a process: messages go in, and what it writes is gathered. */
export class Line<Config> {
  readonly said: Record<string, unknown>[] = [];
  writes = 0;
  ended: number | null = null;
  readonly session: Session<Config>;
  readonly #in: Reader;

  constructor(plugin: Plugin<Config>) {
    const out = new Reader((m, frame) => {
      this.said.push(frame === null ? { ...m } : { ...m, frame: Buffer.from(frame).toString() });
    });
    const writer = new Writer((data) => {
      this.writes += 1;
      out.read(Buffer.from(data as string));
    });
    this.session = new Session(plugin, writer, (code) => {
      writer.flush();
      this.ended = code;
    });
    this.#in = new Reader((m, frame) => this.session.message(m, frame));
  }

  send(...messages: Record<string, unknown>[]): void {
    this.#in.read(Buffer.from(messages.map((m) => `${JSON.stringify({ jsonrpc: "2.0", ...m })}\n`).join("")));
  }

  /** Initializes it, and gives what handlers that are ready say meanwhile. */
  async start(more: Record<string, unknown> = {}): Promise<void> {
    const params = { protocol: { min: 1, max: 1 }, host: { name: "weir", version: "1" }, plugin: "p", ...more };
    this.send({ id: 1, method: "initialize", params });
    await settled();
    this.said.length = 0;
  }
}

/** What promises that are settled lead to has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function head(id: number, x = 7, path = "/"): Record<string, unknown> {
  const request = { method: "GET", scheme: "http", authority: "a.example", path, fields: [] };
  return { id, method: "requestHead", params: { x, config: 0, deadlineMs: 60_000, request, end: true } };
}
