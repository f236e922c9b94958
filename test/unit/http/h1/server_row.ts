import type { ServerSettings } from "./drive_server.ts";

/** Bytes of a client and what the server codec must make of them, whole or cut. */
export interface ServerRow {
  readonly name: string;
  /** The clause that decides. */
  readonly rfc: string;
  readonly send: string;
  readonly events: readonly string[];
  readonly replies: readonly string[];
  readonly settings: ServerSettings;
  /** The client's FIN follows. */
  readonly fin: boolean;
}

/** Follows a row's bytes: where it turns up tells where the message was taken to end. */
const AFTER = "GET /after HTTP/1.1\r\nHost: a\r\n\r\n";
const AFTER_EVENTS = ["GET /after @a", "end"];
export const HOST = "Host: a\r\n";

type More = Partial<Pick<ServerRow, "settings" | "fin" | "replies">>;

/** One request is taken, and what follows it is the next one. */
export function taken(name: string, rfc: string, send: string, events: readonly string[], more: More = {}): ServerRow {
  return {
    name,
    rfc,
    send: send + AFTER,
    events: [...events, ...AFTER_EVENTS],
    replies: ["200", "200"],
    settings: {},
    fin: false,
    ...more,
  };
}

/** One request is taken, its reply says that the connection ends, and nothing behind it is read. */
export function takenLast(name: string, rfc: string, send: string, events: readonly string[], more: More = {}): ServerRow {
  return { name, rfc, send: send + AFTER, events, replies: ["200 close"], settings: {}, fin: false, ...more };
}

/** The bytes are refused and the connection ends: nothing behind them is read. `before` is what was told until then. */
export function refused(
  name: string,
  rfc: string,
  send: string,
  fault = "badRequest 400",
  before: readonly string[] = [],
  more: More = {},
): ServerRow {
  const kind = before.length > 0 && before[before.length - 1] !== "end" ? "reset" : "fault";
  const status = fault.split(" ")[1]!;
  const replies = [...before.filter((e) => e === "end").map(() => "200"), ...(status === "0" ? [] : [`${status} close`])];
  return { name, rfc, send: send + AFTER, events: [...before, `${kind} ${fault}`], replies, settings: {}, fin: false, ...more };
}

/** Not whole: nothing is said yet. */
export function unfinished(name: string, rfc: string, send: string, events: readonly string[], more: More = {}): ServerRow {
  return { name, rfc, send, events, replies: [], settings: {}, fin: false, ...more };
}

export function get(fields: string): string {
  return `GET /x HTTP/1.1\r\n${HOST}${fields}\r\n`;
}

export function post(fields: string, body: string): string {
  return `POST /x HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
}

export function chunked(body: string): string {
  return post("Transfer-Encoding: chunked\r\n", body);
}

export const GOT = "GET /x @a";
export const CHUNKED = "POST /x @a len=chunked";
