import type { ServerSettings } from "./options.ts";
import { ServerDrive } from "./server_drive.ts";
import { get, headers, join } from "./wire.ts";

/** Frames of a client, behind its preface and SETTINGS, and what the server codec must make of them, whole or cut. */
export interface ServerRow {
  readonly name: string;
  /** The clause that decides. */
  readonly rfc: string;
  readonly send: Uint8Array;
  readonly events: readonly string[];
  /** What was answered on each stream, and GOAWAY. */
  readonly out: readonly string[];
  readonly settings: ServerSettings;
}

const AFTER_ID = 1001;
/** Follows a row's frames: where it turns up the connection lives. */
const AFTER = headers(AFTER_ID, get("/after"));
const AFTER_OUT = `${AFTER_ID}: 200 "ok" end`;
export const OK = '200 "ok" end';

/** The frames are taken, and the connection goes on. */
export function lives(
  name: string,
  rfc: string,
  send: readonly Uint8Array[],
  events: readonly string[],
  out: readonly string[],
  settings: ServerSettings = {},
): ServerRow {
  const n = events.filter((e) => / @/.test(e)).length + 1;
  const after = [`#${n} GET /after @a [host: a]`, `#${n} end`];
  const streams = out.filter((line) => /^\d/.test(line));
  const rest = out.filter((line) => !/^\d/.test(line));
  return {
    name,
    rfc,
    send: join(...send, AFTER),
    events: [...events, ...after],
    out: [...streams, AFTER_OUT, ...rest],
    settings,
  };
}

/** The connection ends with that code, and nothing behind is read. */
export function dies(
  name: string,
  rfc: string,
  send: readonly Uint8Array[],
  code: string,
  lastId = 0,
  events: readonly string[] = [],
  out: readonly string[] = [],
  settings: ServerSettings = {},
): ServerRow {
  const fault = code === "ENHANCE_YOUR_CALM" ? "fault flood 0" : "fault badRequest 0";
  return {
    name,
    rfc,
    send: join(...send, AFTER),
    events: [...events, fault],
    out: [...out, `GOAWAY ${lastId} ${code}`],
    settings,
  };
}

export interface RowRun {
  readonly events: readonly string[];
  readonly out: readonly string[];
  readonly closed: boolean;
  /** Texts of faults: how bytes are cut must not change them either. */
  readonly texts: readonly string[];
}

export function runRow(pieces: readonly Uint8Array[], settings: ServerSettings): RowRun {
  const d = new ServerDrive(settings);
  // `/held` is never answered, what is sent to `/slow` not credited, and `/large` has a reply that fills the connection's window.
  d.onHead = (r) => {
    r.eager = r.head.path !== "/slow";
  };
  d.onEnd = (r) => {
    if (r.head.path === "/large") r.reply(200, "x".repeat(70_000));
    else if (r.head.path !== "/held") r.reply(200, "ok");
  };
  for (const b of pieces) d.feed(b);
  const texts = [...d.faults, ...d.streams.map((s) => s.error).filter((e) => e !== null)].map((e) => e.message);
  return { events: d.said, out: d.log.summary(), closed: d.closed, texts };
}
