/** Fields as they come and go: names in lower case. */
export type Pairs = readonly (readonly [name: string, value: string])[];

/** What a phase of a head is told. Bodies and fields are bytes, one character each. */
export interface Told {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  /** 0 in a request. */
  readonly status: number;
  readonly fields: Pairs;
  readonly end: boolean;
  /** The attributes of `ATTRIBUTES` that there are. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Attributes that every behaviour asks for. */
export const ATTRIBUTES = ["client.address", "listener", "route", "cluster", "status", "metadata.seen"] as const;

/** What a phase answers: the members of docs/plugin-protocol.md, each home in its own words. */
export interface Act {
  readonly fields?: readonly (readonly ["set" | "add", string, string] | readonly ["remove", string])[];
  readonly method?: string;
  readonly path?: string;
  readonly authority?: string;
  readonly scheme?: "http" | "https";
  readonly status?: number;
  readonly body?: string;
  readonly metadata?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly timeoutMs?: number;
  readonly cluster?: string;
  readonly host?: string;
  readonly respond?: { readonly status: number; readonly fields?: Pairs; readonly body?: string };
  readonly redirect?: { readonly location: string; readonly status?: 301 | 302 | 303 | 307 | 308 };
  readonly reset?: true;
  /** The body's phase is left out: `"body": "none"`. */
  readonly leavesBody?: true;
  readonly cache?: { readonly key: readonly string[]; readonly ttlMs: number };
  /** The call fails. */
  readonly fails?: string;
  /** No answer comes. */
  readonly hangs?: true;
}

export interface Buffered {
  readonly mode: "buffered";
  /** Bytes. */
  readonly limit: number;
  whole(body: string, trailers: Pairs | null): Act;
}

/** What a streamed body's phase writes; `end` and what follows it are the last. */
export type Out =
  | { readonly write: string }
  | { readonly end: true; readonly trailers?: Pairs }
  /** All that comes goes on unchanged. */
  | { readonly pass: true }
  | { readonly fails: string };

export interface Streamed {
  readonly mode: "streamed";
  /** A body's own: made for each. */
  open(): { piece(b: string, end: boolean, trailers: Pairs | null): readonly Out[] };
}

export interface Choice {
  readonly cluster: string;
  readonly attempt: number;
  readonly hosts: readonly { readonly address: string; readonly weight: number; readonly active: number }[];
}

/** What a plugin does, in no home's words. A phase that is absent is one that it does not have. */
export interface Behaviour {
  requestHead?(t: Told): Act;
  readonly requestBody?: Buffered | Streamed;
  /** null: by the cluster's policy. */
  chooseHost?(c: Choice): string | null | { readonly fails: string };
  responseHead?(t: Told): Act;
  readonly responseBody?: Buffered | Streamed;
  /** An exchange is over. */
  log?(record: Readonly<Record<string, unknown>>): void;
  readonly tick?: { readonly everyMs: number; tick(time: number): void };
}
