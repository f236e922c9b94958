import { expect } from "bun:test";
import type { Message } from "../../support/message.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Asking, Seen } from "./clients.ts";
import type { PluginSeam, SeamOptions } from "./plugin_seam.ts";

/** A weir with the behaviour in the home that is tested, and a client of it. */
export interface Bench {
  start(b: Behaviour, o?: SeamOptions): Promise<PluginSeam>;
  ask(seam: PluginSeam, a: Asking): Promise<Seen>;
  /** Name of the client's protocol. */
  readonly protocol: "h1" | "h2";
}

export interface PluginCase {
  readonly name: string;
  run(bench: Bench): Promise<void>;
}

/** Adds to a list of what was told, and gives what is answered. */
export function noted<T, R>(list: T[], told: T, answer: R): R {
  list.push(told);
  return answer;
}

/** The value of a field of what came to the origin, joined; undefined: there is none. */
export function sent(r: Message | undefined, name: string): string | undefined {
  const found = r!.fields.filter(([n]) => n.toLowerCase() === name).map(([, v]) => v);
  return found.length === 0 ? undefined : found.join(", ");
}

export function reply(body: string, ...fields: string[]): string {
  return [`HTTP/1.1 200 OK`, `Content-Length: ${body.length}`, ...fields, "", body].join("\r\n");
}

export function chunked(parts: readonly string[], trailers: string = ""): string {
  const pieces = parts.map((p) => `${p.length.toString(16)}\r\n${p}\r\n`).join("");
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${pieces}0\r\n${trailers}\r\n`;
}

/** One exchange, and what is to come of it. */
export async function once(
  bench: Bench,
  b: Behaviour,
  a: Asking,
  want: { readonly seen?: Partial<Seen>; readonly flags?: string; readonly asked?: number; readonly metadata?: unknown },
  o: SeamOptions = {},
): Promise<{ readonly seam: PluginSeam; readonly seen: Seen; readonly request: Message | undefined }> {
  const seam = await bench.start(b, o);
  const seen = await bench.ask(seam, a);
  await seam.settled();
  expect(seen).toMatchObject({ status: 200, whole: true, ...want.seen });
  expect(seam.requests.length).toBe(want.asked ?? 1);
  expect(seam.done.map((d) => d.flags)).toEqual([want.flags ?? ""]);
  if (want.metadata !== undefined) expect(seam.done[0]!.metadata).toEqual(want.metadata as never);
  expect(seam.active).toEqual([0, 0, 0, 0]);
  return { seam, seen, request: seam.requests[0] };
}
