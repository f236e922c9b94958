import { encodeLatin1 } from "../base/bytes.ts";
import { localFault } from "../base/error.ts";
import type { StaticSpec } from "../config/model.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { httpDate } from "../exchange/reply.ts";
import type { ServedTarget } from "../exchange/site.ts";
import { Fields } from "../http/fields.ts";
import { reasonPhrase } from "../http/status.ts";
import type { FileTree, OpenFile } from "../platform/types.ts";
import type { EventLog } from "../telemetry/event_log.ts";
import { byteRanges } from "./byte_ranges.ts";
import { chooseCodings } from "./choose_codings.ts";
import { judgeConditions, rangeHolds, type Validators } from "./conditions.ts";
import { contentTypeOf } from "./content_type.ts";
import { type Found, findFile } from "./find_file.ts";
import { folderPage } from "./folder_page.ts";
import { type Piece, rangePieces } from "./range_pieces.ts";
import { staticPath } from "./static_path.ts";

/** What a route's files are served from. */
export interface StaticSite {
  readonly spec: StaticSpec;
  readonly files: FileTree;
  readonly log: EventLog;
}

/** Bytes of a file that are read at once: one piece of each reply is in memory at a time. */
const PIECE = 64 * 1024;
const ALLOWED = "GET, HEAD, OPTIONS";

/** A file as the reply to one request. */
export class StaticCall implements ServedTarget {
  readonly #x: Exchange;
  readonly #site: StaticSite;
  /** What of the path names the file, its query included. */
  readonly #rest: string;
  #over = false;
  #writable: (() => void) | null = null;

  constructor(x: Exchange, site: StaticSite, rest: string) {
    this.#x = x;
    this.#site = site;
    this.#rest = rest;
  }

  start(): void {
    void this.#run().catch((e: unknown) => this.#failed(e));
  }

  /** The methods that are served have no body that means anything (RFC 9110 9.3.1). */
  takeData(): boolean {
    return true;
  }

  takeTrailers(): void {}

  resumeReply(): void {
    const f = this.#writable;
    this.#writable = null;
    f?.();
  }

  discard(): void {
    this.abort();
  }

  abort(): void {
    this.#over = true;
    this.resumeReply();
  }

  async #run(): Promise<void> {
    const { method } = this.#x;
    if (method === "OPTIONS") this.#bare(204, "Allow", ALLOWED);
    else if (method !== "GET" && method !== "HEAD") this.#text(405, "Allow", ALLOWED);
    else await this.#serve();
  }

  async #serve(): Promise<void> {
    const { spec, files } = this.#site;
    const path = staticPath(this.#rest, spec.hidden);
    const codings = chooseCodings(this.#x.head.fields.list("accept-encoding"), spec.precompressed);
    const found = path === null ? "absent" : await findFile(files, spec, path, codings);
    if (found === "slash") this.#addSlash();
    else if (found === "listing") await this.#list(path!.names);
    else if (typeof found !== "string") await this.#send(found, 200);
    else await this.#missing(found, codings);
  }

  async #missing(why: "absent" | "refused", codings: readonly StaticSpec["precompressed"][number][]): Promise<void> {
    const { spec, files } = this.#site;
    const instead = spec.missing;
    const found = instead === null ? "absent" : await findFile(files, spec, { names: instead.names, folder: false }, codings);
    if (typeof found !== "string") await this.#send(found, instead!.status);
    else this.#text(why === "refused" ? 403 : 404);
  }

  /** Links in a folder's page are relative to it, so it has one address, which ends with a slash. */
  #addSlash(): void {
    const { path } = this.#x.head;
    const query = path.indexOf("?");
    const folder = query < 0 ? path : path.slice(0, query);
    // A location that begins with two slashes would name another host.
    const location = `/${folder.replace(/^\/+/, "")}/${query < 0 ? "" : path.slice(query)}`;
    this.#bare(301, "Location", location);
  }

  async #list(names: readonly string[]): Promise<void> {
    const { spec, files } = this.#site;
    const all = await files.list(spec.root, names, spec, MOST_ENTRIES);
    if (typeof all === "string") {
      this.#text(all === "refused" ? 403 : 404);
      return;
    }
    const path = this.#x.head.path.replace(/\?.*$/s, "");
    const shown = all.filter((e) => spec.hidden || !e.name.startsWith("."));
    const body = new TextEncoder().encode(folderPage(path, shown, names.length === 0));
    const fields = this.#fields("Content-Type", "text/html; charset=utf-8", "Content-Length", `${body.length}`);
    this.#reply(200, fields, body.length, body);
  }

  async #send(found: Found, status: 200 | 404): Promise<void> {
    try {
      await this.#answer(found, status);
    } finally {
      await found.file.close();
    }
  }

  async #answer({ file, name, coding }: Found, status: 200 | 404): Promise<void> {
    const { spec } = this.#site;
    const { head, method } = this.#x;
    const validators = validatorsOf(file, coding);
    const fields = this.#fields("ETag", validators.etag, "Last-Modified", new Date(validators.modifiedMs).toUTCString());
    if (spec.precompressed.length > 0) fields.add("Vary", "Accept-Encoding");
    // Preconditions and ranges are for what would be a 2xx (RFC 9110 13.2.1).
    const judged = status === 200 ? judgeConditions(head.fields, validators) : null;
    if (judged !== null) {
      if (judged === 412) fields.add("Content-Length", "0");
      this.#reply(judged, fields, 0, NONE);
      return;
    }
    const type = contentTypeOf(name, spec.types);
    if (coding !== null) fields.add("Content-Encoding", coding);
    fields.add("Accept-Ranges", "bytes");
    const range = method === "GET" && status === 200 ? head.fields.get("range") : null;
    const ranges =
      range !== null && rangeHolds(head.fields, validators, this.#x.site.wall()) ? byteRanges(range, file.size) : null;
    if (ranges !== null && ranges.length === 0) {
      fields.remove("content-encoding");
      fields.add("Content-Range", `bytes */${file.size}`);
      fields.add("Content-Length", "0");
      this.#reply(416, fields, 0, NONE);
      return;
    }
    const pieces = ranges === null ? [{ from: 0, to: file.size }] : rangePieces(ranges, file.size, type, fields);
    if (ranges === null || ranges.length === 1) fields.add("Content-Type", type);
    const length = pieces.reduce((sum, p) => sum + (p instanceof Uint8Array ? p.length : p.to - p.from), 0);
    fields.add("Content-Length", `${length}`);
    if (method === "HEAD" || length === 0) this.#reply(ranges === null ? status : 206, fields, length, NONE);
    else await this.#pour(file, pieces, { status: ranges === null ? status : 206, fields, length });
  }

  /** The head leaves with the first piece: what can't be read is told by its status. */
  async #pour(file: OpenFile, pieces: readonly Piece[], h: { status: number; fields: Fields; length: number }): Promise<void> {
    let left = h.length;
    let begun = false;
    for (const piece of pieces) {
      let at = piece instanceof Uint8Array ? 0 : piece.from;
      const end = piece instanceof Uint8Array ? piece.length : piece.to;
      while (at < end) {
        const b = piece instanceof Uint8Array ? piece : await readPiece(file, at, Math.min(PIECE, end - at));
        if (this.#over) return;
        at += b.length;
        left -= b.length;
        const x = this.#x;
        let room = true;
        if (left === 0) this.#over = true;
        x.event(() => {
          if (!begun) x.reply({ status: h.status, reason: "", fields: h.fields, contentLength: h.length, upgrade: "" }, false);
          begun = true;
          room = x.replyData(b, left === 0);
        });
        if (this.#over) return;
        if (!room) await new Promise<void>((resolve) => (this.#writable = resolve));
        if (this.#over) return;
      }
    }
  }

  #failed(e: unknown): void {
    if (this.#over) return;
    this.#over = true;
    const { log, spec } = this.#site;
    const code = (e as { code?: unknown } | null)?.code;
    log.log("error", "a file can't be read: its request failed", {
      root: spec.root,
      reason: e instanceof Error ? e.message : String(e),
    });
    const full = code === "EMFILE" || code === "ENFILE";
    const fault = full
      ? localFault("noDescriptors", 503, "no descriptor is left for a file", e)
      : localFault("internal", 500, "a file can't be read", e);
    this.#x.event(() => this.#x.fail(fault));
  }

  #text(status: number, ...more: string[]): void {
    const body = encodeLatin1(`${status} ${reasonPhrase(status)}\n`);
    const fields = this.#fields("Content-Length", `${body.length}`, "Content-Type", "text/plain; charset=utf-8", ...more);
    this.#reply(status, fields, body.length, body);
  }

  #bare(status: number, ...more: string[]): void {
    const fields = this.#fields(...more);
    if (status !== 204) fields.add("Content-Length", "0");
    this.#reply(status, fields, 0, NONE);
  }

  #fields(...pairs: string[]): Fields {
    return Fields.of("Date", httpDate(this.#x.site.wall()), ...pairs);
  }

  #reply(status: number, fields: Fields, contentLength: number, body: Uint8Array): void {
    if (this.#over) return;
    this.#over = true;
    const x = this.#x;
    const bodyless = body.length === 0 || x.method === "HEAD";
    x.event(() => {
      x.reply({ status, reason: "", fields, contentLength, upgrade: "" }, bodyless);
      if (!bodyless) x.replyData(body, true);
    });
  }
}

/** Of one page. */
const MOST_ENTRIES = 10_000;
const NONE = new Uint8Array(0);

async function readPiece(file: OpenFile, at: number, length: number): Promise<Uint8Array> {
  const into = new Uint8Array(length);
  const got = await file.read(into, at);
  // The length has been promised: what is missing can't be made up.
  if (got < length) throw new Error("the file became shorter while it was read");
  return into;
}

function validatorsOf(file: OpenFile, coding: string | null): Validators {
  const tag = `${Math.round(file.modifiedMs * 1000).toString(36)}-${file.size.toString(36)}`;
  return {
    // Each coding is a representation of its own (RFC 9110 8.8.3.3).
    etag: `"${tag}${coding === null ? "" : `-${coding}`}"`,
    modifiedMs: Math.floor(file.modifiedMs / 1000) * 1000,
  };
}
