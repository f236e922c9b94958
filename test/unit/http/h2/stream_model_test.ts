import { expect, test } from "bun:test";
import fc from "fast-check";
import { localFault } from "../../../../src/base/error.ts";
import { responseHead, ServerDrive, type ServerSide } from "./server_drive.ts";
import * as w from "./wire.ts";

// RFC 9113 5.1, as small as it can be said: two directions, each of which ends for itself, and what comes behind the end.

type Action =
  | { readonly kind: "request"; readonly end: boolean }
  | { readonly kind: "data" | "reply" | "replyData"; readonly at: number; readonly end: boolean }
  | { readonly kind: "trailers" | "reset" | "window" | "abandon" | "replyTrailers"; readonly at: number };

interface ModelStream {
  readonly id: number;
  remoteEnded: boolean;
  local: "idle" | "body" | "ended";
  /** How it ended on the wire: both sides have, the peer has reset it, we have. */
  over: "" | "done" | "peer" | "us";
}

const GONE = localFault("internal", 500, "given up");

/** What the codec must answer, frame by frame; null: the connection ends. */
class Model {
  readonly streams: ModelStream[] = [];
  body = 0;

  step(a: Action): string[] | null {
    if (a.kind === "request") {
      this.streams.push({ id: 2 * this.streams.length + 1, remoteEnded: a.end, local: "idle", over: "" });
      return [];
    }
    const s = this.streams[a.at % this.streams.length]!;
    switch (a.kind) {
      case "data":
        if (s.over === "us") return [];
        if (s.over !== "") return [`RST ${s.id} STREAM_CLOSED`];
        if (s.remoteEnded) return this.#refuse(s, "STREAM_CLOSED");
        this.body++;
        s.remoteEnded = a.end;
        return this.#settle(s);
      case "trailers":
        if (s.over === "us") return [];
        if (s.over !== "") return null;
        if (s.remoteEnded) return this.#refuse(s, "STREAM_CLOSED");
        s.remoteEnded = true;
        return this.#settle(s);
      case "reset":
        if (s.over === "") s.over = "peer";
        return [];
      case "window":
        return [];
      case "abandon":
        return s.over === "" && s.local !== "ended" ? this.#refuse(s, "INTERNAL_ERROR") : [];
      case "reply":
        if (s.over !== "" || s.local !== "idle") return [];
        s.local = a.end ? "ended" : "body";
        return [`HEADERS ${s.id}${a.end ? " end" : ""} 200`, ...this.#settle(s)];
      case "replyData":
        if (s.over !== "" || s.local !== "body") return [];
        if (a.end) s.local = "ended";
        return [`DATA ${s.id} "y"${a.end ? " end" : ""}`, ...this.#settle(s)];
      case "replyTrailers":
        if (s.over !== "" || s.local !== "body") return [];
        s.local = "ended";
        return [`HEADERS ${s.id} end [t: 1]`, ...this.#settle(s)];
    }
  }

  #settle(s: ModelStream): string[] {
    if (s.local !== "ended") return [];
    if (s.remoteEnded) {
      s.over = "done";
      return [];
    }
    return this.#refuse(s, "NO_ERROR");
  }

  #refuse(s: ModelStream, code: string): string[] {
    s.over = "us";
    return [`RST ${s.id} ${code}`];
  }
}

const at = fc.nat({ max: 5 });
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("request" as const), end: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom("data" as const, "reply" as const, "replyData" as const),
      at,
      end: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "trailers" as const,
        "reset" as const,
        "window" as const,
        "abandon" as const,
        "replyTrailers" as const,
      ),
      at,
    }),
  },
);

/** The exchange's side keeps to the contract: it calls nothing after it has ended or given up its reply, or was told of a reset. */
function reply(s: ServerSide, m: ModelStream, a: Action): void {
  if (m.over !== "" || s.error !== null) return;
  if (a.kind === "reply" && m.local === "idle") s.w.sendHead(responseHead(200), a.end);
  if (a.kind === "replyData" && m.local === "body") s.w.sendData(w.latin1("y"), a.end);
  if (a.kind === "replyTrailers" && m.local === "body") s.w.sendTrailers(w.fields("t", "1"));
  if (a.kind === "abandon" && m.local !== "ended") s.w.reset(GONE);
}

function frameOf(a: Action, id: number): Uint8Array | null {
  switch (a.kind) {
    case "data":
      return w.data(id, "x", a.end ? w.END_STREAM : 0);
    case "trailers":
      return w.headers(id, [["t", "1"]]);
    case "reset":
      return w.reset(id, 8);
    case "window":
      return w.windowUpdate(id, 1);
    default:
      return null;
  }
}

test("streams go through their states as the model does", () => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 1, maxLength: 40 }), (actions) => {
      const d = new ServerDrive();
      d.onEnd = null;
      const m = new Model();
      for (const a of actions) {
        if (a.kind !== "request" && m.streams.length === 0) continue;
        if (a.kind === "request") {
          const id = 2 * m.streams.length + 1;
          expect(m.step(a)).toEqual(d.feed(w.headers(id, w.post(), a.end ? w.WHOLE : w.END_HEADERS)));
          continue;
        }
        const i = a.at % m.streams.length;
        const stream = m.streams[i]!;
        const f = frameOf(a, stream.id);
        let lines: string[];
        if (f !== null) lines = d.feed(f);
        else {
          reply(d.streams[i]!, stream, a);
          lines = d.after();
        }
        const expected = m.step(a);
        if (expected === null) {
          expect(lines[lines.length - 1]).toMatch(/^GOAWAY \d+ STREAM_CLOSED$/);
          expect(d.closed).toBe(true);
          return;
        }
        // Windows are another test's.
        expect(lines.filter((l) => !l.startsWith("WINDOW"))).toEqual(expected);
      }
      expect(d.streams.reduce((n, s) => n + s.body.length, 0)).toBe(m.body);
      for (const [i, s] of d.streams.entries()) {
        const told = m.streams[i]!;
        // Who was told of an end was told once, and of what happened.
        if (told.over === "done") expect(s.ended).toBe(true);
        if (told.over === "peer") expect(s.error?.facts.code).toBe("clientReset");
      }
      expect(d.codec.busy).toBe(m.streams.some((s) => s.over === ""));
      expect(d.faults).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
});
