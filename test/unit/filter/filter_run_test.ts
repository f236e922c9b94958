import { describe, expect, test } from "bun:test";
import { encodeLatin1, latin1 } from "../../../src/base/bytes.ts";
import { localFault } from "../../../src/base/error.ts";
import { FilterChain } from "../../../src/filter/filter_chain.ts";
import { FilterRun } from "../../../src/filter/filter_run.ts";
import type { BodyOut, Filter, FilterExchange, Reply } from "../../../src/filter/types.ts";
import { Fields } from "../../../src/http/fields.ts";
import type { ResponseHead } from "../../../src/http/head.ts";
import { FakeHost, replyHead } from "./fake_host.ts";
import { gate } from "./gate.ts";

function shown(b: Uint8Array): string {
  return latin1(b, 0, b.length);
}

/** A filter that writes what it sees into a list, and passes it on with its name. */
class Marks implements Filter {
  readonly #name: string;
  readonly #seen: string[];

  constructor(name: string, seen: string[]) {
    this.#name = name;
    this.#seen = seen;
  }

  onRequest(): null {
    this.#seen.push(`${this.#name} request`);
    return null;
  }
  onRequestData(_x: FilterExchange, b: Uint8Array, end: boolean, out: BodyOut): void {
    this.#seen.push(`${this.#name} data ${shown(b)}${end ? " end" : ""}`);
    if (b.length > 0) out.write(encodeLatin1(`${shown(b)}${this.#name}`));
  }
  onRequestTrailers(_x: FilterExchange, f: Fields): void {
    f.add(this.#name, "1");
  }
  onResponse(_x: FilterExchange, h: ResponseHead): void {
    h.fields.add(this.#name, "1");
  }
  onResponseData(_x: FilterExchange, b: Uint8Array, _end: boolean, out: BodyOut): void {
    if (b.length > 0) out.write(encodeLatin1(`${shown(b)}${this.#name}`));
  }
  onDone(): void {
    this.#seen.push(`${this.#name} done`);
  }
}

const A = encodeLatin1("a");
const B = encodeLatin1("b");
const NONE = new Uint8Array(0);

function started(filters: readonly Filter[], end = false): { host: FakeHost; run: FilterRun } {
  const host = new FakeHost();
  const run = new FilterRun(host, filters);
  host.run = run;
  run.request(end);
  return { host, run };
}

describe("order", () => {
  test("requests go from first to last, replies back, done once for each", () => {
    const seen: string[] = [];
    const { host, run } = started([new Marks("1", seen), new Marks("2", seen)]);
    run.requestData(A, false);
    run.requestData(B, true);
    run.reply(replyHead(), false);
    run.replyData(A, false);
    run.replyTrailers(Fields.of("t", "u"));
    run.close();
    run.close();
    expect(host.said).toEqual([
      "request",
      "data a12",
      "data b12",
      "data end",
      "reply 200 [2 1]",
      "reply data a21",
      "reply trailers [t]",
    ]);
    expect(seen).toEqual([
      "1 request",
      "2 request",
      "1 data a",
      "2 data a1",
      "1 data b end",
      "2 data b1",
      "2 data  end",
      "1 done",
      "2 done",
    ]);
  });

  test("trailers pass through filters that change them, and end what they leave", () => {
    const { host, run } = started([new Marks("1", []), new Marks("2", [])]);
    run.requestTrailers(Fields.of("t", "u"));
    expect(host.said).toEqual(["request", "trailers [t 1 2]"]);
    expect(run.requestEnded).toBe(true);
  });

  test("a filter without a phase is passed by", () => {
    const { host, run } = started([{ onRequestTrailers: () => {} }, {}]);
    run.requestData(A, false);
    run.requestData(NONE, true);
    run.reply(replyHead(), true);
    expect(host.said).toEqual(["request", "data a", "data end", "reply 200 [] end"]);
  });

  test("trailers may become data, data may be held and written at the end", () => {
    const kept: Uint8Array[] = [];
    const { host, run } = started([
      {
        onRequestData: (_x, b) => {
          kept.push(b);
        },
        onRequestTrailers: (_x, f, out) => {
          for (const b of kept) out.write(b);
          out.write(encodeLatin1(f.get("t")!));
          out.end();
        },
      },
    ]);
    run.requestData(A, false);
    run.requestData(B, false);
    run.requestTrailers(Fields.of("t", "c"));
    expect(host.said).toEqual(["request", "data a", "data b", "data c", "data end"]);
  });

  test("what is written behind the end is dropped", () => {
    const { host, run } = started([
      {
        onRequestData: (_x, b, _end, out) => {
          out.write(b);
          out.end(Fields.of("x", "y"));
          out.write(b);
          out.end();
        },
      },
    ]);
    run.requestData(A, false);
    run.requestData(B, true);
    expect(host.said).toEqual(["request", "data a", "trailers [x]"]);
  });
});

describe("short cuts", () => {
  test("a reply goes back through those that the request has come to", () => {
    const seen: string[] = [];
    const reply: Reply = { head: replyHead(403), body: A };
    const { host } = started([new Marks("1", seen), { onRequest: () => reply }, new Marks("3", seen)]);
    expect(host.said).toEqual(["reply 403 [1]", "reply data a1", "reply end"]);
    expect(seen).toEqual(["1 request"]);
  });
});

describe("pauses", () => {
  test("in the head: the body waits, and comes behind it", async () => {
    const g = gate<null>();
    const { host, run } = started([{ onRequest: () => g.promise }, new Marks("2", [])]);
    expect(run.requestData(A, false)).toBe(false);
    run.requestTrailers(Fields.of("t", "u"));
    expect(host.said).toEqual([]);
    await g.open(null);
    expect(host.said).toEqual(["request", "data a2", "trailers [t 2]", "opened"]);
    expect(host.depth).toEqual([0, 1]);
  });

  test("in the head, with a reply in the end", async () => {
    const g = gate<Reply | null>();
    const { host, run } = started([{ onRequest: () => g.promise }]);
    run.requestData(A, true);
    await g.open({ head: replyHead(401), body: NONE });
    expect(host.said).toEqual(["reply 401 [] end"]);
  });

  test("in a body: pieces wait in their order, and the sender is told", async () => {
    const gates = [gate<void>(), gate<void>()];
    let n = 0;
    const { host, run } = started([
      {
        onRequestData: async (_x, b, _end, out) => {
          await gates[n++]?.promise;
          out.write(b);
        },
      },
      new Marks("2", []),
    ]);
    expect(run.requestData(A, false)).toBe(false);
    expect(run.requestData(B, false)).toBe(false);
    run.requestData(NONE, true);
    expect(host.said).toEqual(["request"]);
    await gates[0]!.open();
    expect(host.said).toEqual(["request", "data a2"]);
    await gates[1]!.open();
    await Promise.resolve();
    expect(host.said).toEqual(["request", "data a2", "data b2", "data end", "opened"]);
  });

  test("in a reply's head", async () => {
    const g = gate<void>();
    const { host, run } = started([{ onResponse: () => g.promise }]);
    run.reply(replyHead(), false);
    expect(run.replyData(A, false)).toBe(false);
    expect(host.said).toEqual(["request"]);
    await g.open();
    expect(host.said).toEqual(["request", "reply 200 []", "reply data a", "reply opened"]);
  });

  test("that end behind the exchange's end do nothing", async () => {
    const [head, body, reply] = [gate<null>(), gate<void>(), gate<void>()];
    const first = started([{ onRequest: () => head.promise }]);
    first.run.close();
    await head.open(null);
    expect(first.host.said).toEqual([]);
    const second = started([{ onRequestData: () => body.promise, onResponse: () => reply.promise }]);
    second.run.requestData(A, true);
    second.run.reply(replyHead(), true);
    second.run.close();
    await body.open();
    await reply.fail(new Error("late"));
    expect(second.host.said).toEqual(["request"]);
  });
});

describe("back pressure", () => {
  test("who takes the body stops its sender, whatever filters make of it", () => {
    const { host, run } = started([new Marks("1", [])]);
    host.room = false;
    expect(run.requestData(A, false)).toBe(false);
    expect(run.unblockRequest()).toBe(true);
    host.room = true;
    expect(run.requestData(A, false)).toBe(true);
  });

  test("a filter that writes nothing leaves room", () => {
    const { host, run } = started([{ onRequestData: () => {} }]);
    host.room = false;
    expect(run.requestData(A, false)).toBe(true);
  });

  test("room for one reason is none while there is another", async () => {
    const g = gate<void>();
    const { host, run } = started([
      {
        onRequestData: async (_x, b, _end, out) => {
          out.write(b);
          await g.promise;
        },
      },
    ]);
    host.room = false;
    run.requestData(A, false);
    expect(run.unblockRequest()).toBe(false);
    await g.open();
    expect(host.said).toEqual(["request", "data a", "opened"]);
  });

  test("of the reply", () => {
    const { host, run } = started([new Marks("1", [])]);
    run.reply(replyHead(), false);
    host.room = false;
    expect(run.replyData(A, false)).toBe(false);
    expect(run.unblockReply()).toBe(true);
  });
});

describe("faults", () => {
  const boom = new Error("boom");
  const fail = (): never => {
    throw boom;
  };
  const ROWS: readonly (readonly [string, Filter, (run: FilterRun) => void])[] = [
    ["the request's head", { onRequest: fail }, () => {}],
    ["its data", { onRequestData: fail }, (run) => run.requestData(A, false)],
    ["its trailers", { onRequestTrailers: fail }, (run) => run.requestTrailers(Fields.empty())],
    ["the reply's head", { onResponse: fail }, (run) => run.reply(replyHead(), false)],
  ];
  test.each(ROWS)("a throw in %s", (_what, filter, act) => {
    const { host, run } = started([filter]);
    act(run);
    expect(host.said.at(-1)).toBe("threw boom");
  });

  test("a rejection", async () => {
    const g = gate<null>();
    const { host } = started([{ onRequest: () => g.promise }]);
    await g.fail(boom);
    expect(host.said).toEqual(["threw boom"]);
    const h = gate<void>();
    const later = started([{ onRequestData: () => h.promise }]);
    later.run.requestData(A, false);
    await h.fail(boom);
    expect(later.host.said).toEqual(["request", "threw boom"]);
  });

  test("in onDone the others are done all the same", () => {
    const seen: string[] = [];
    const { host, run } = started([{ onDone: fail }, new Marks("2", seen)]);
    run.close();
    expect(host.said).toEqual(["request", "threw boom"]);
    expect(seen.at(-1)).toBe("2 done");
  });

  test("a reset ends what the filter passes on", () => {
    const { host, run } = started([
      {
        onRequestData: (_x, b, _end, out) => {
          out.reset(localFault("badRequest", 400, "no"));
          out.write(b);
        },
      },
    ]);
    run.requestData(A, true);
    expect(host.said).toEqual(["request", "fail badRequest"]);
  });
});

test("a chain opens those that have something to do", () => {
  const x = new FakeHost();
  const filter: Filter = {};
  expect(new FilterChain([{ open: () => null }, { open: () => null }]).open(x)).toBeNull();
  expect(new FilterChain([{ open: () => null }, { open: () => filter }]).open(x)).toEqual([filter]);
});
