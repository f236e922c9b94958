import type { Fields } from "../http/fields.ts";

/** Takes a message: its head, then its body piece by piece. */
export interface MessageSink<Head> {
  /** `end`: no body comes. */
  head(h: Head, end: boolean): void;
  /** false: what follows should wait. */
  data(b: Uint8Array, end: boolean): boolean;
  trailers(f: Fields): void;
  /** A piece would be taken and passed on now. */
  readonly open: boolean;
}
