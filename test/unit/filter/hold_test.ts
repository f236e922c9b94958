import { describe, expect, test } from "bun:test";
import { encodeLatin1 } from "../../../src/base/bytes.ts";
import { localFault } from "../../../src/base/error.ts";
import { BodyGatherer, type GathererOptions } from "../../../src/filter/body_gatherer.ts";
import { FilterRun } from "../../../src/filter/filter_run.ts";
import { type BodyOut, type Filter, HOLD, type Reply } from "../../../src/filter/types.ts";
import { RESET } from "../../../src/filter/verdicts.ts";
import { Fields } from "../../../src/http/fields.ts";
import { FakeHost, replyHead } from "./fake_host.ts";
import { gate } from "./gate.ts";

const A = encodeLatin1("a");
const B = encodeLatin1("b");
const C = encodeLatin1("c");
const NONE = new Uint8Array(0);
const REFUSED: Reply = { head: replyHead(403), body: NONE };

function started(filters: readonly Filter[], end = false, length = -1): { host: FakeHost; run: FilterRun } {
  const host = new FakeHost();
  host.request.contentLength = end ? 0 : length;
  if (length >= 0) host.request.fields.set("Content-Length", String(length));
  const run = new FilterRun(host, filters);
  host.run = run;
  run.request(end);
  return { host, run };
}

/** Holds both heads, and does with each part what it is told. */
class Holder implements Filter {
  out: BodyOut | null = null;
  readonly #part: (b: Uint8Array, end: boolean, out: BodyOut) => ReturnType<NonNullable<Filter["onRequestData"]>>;

  constructor(part: Holder["onPart"] = () => {}) {
    this.#part = part;
  }
  onPart(b: Uint8Array, end: boolean, out: BodyOut): ReturnType<NonNullable<Filter["onRequestData"]>> {
    this.out = out;
    return this.#part(b, end, out);
  }
  onRequest(): typeof HOLD {
    return HOLD;
  }
  onRequestData(_x: unknown, b: Uint8Array, end: boolean, out: BodyOut) {
    return this.onPart(b, end, out);
  }
  onResponse(): typeof HOLD {
    return HOLD;
  }
  onResponseData(_x: unknown, b: Uint8Array, end: boolean, out: BodyOut) {
    return this.onPart(b, end, out);
  }
}

function releaseAndWrite(b: Uint8Array, _end: boolean, out: BodyOut): void {
  out.release();
  out.write(b);
}

function writeTwice(b: Uint8Array, out: BodyOut): void {
  out.write(b);
  out.write(b);
}

function gathering(options: Partial<GathererOptions> = {}): Filter {
  const g = new BodyGatherer({ limit: 4, whole: () => null, ...options });
  return {
    onRequest: () => HOLD,
    onRequestData: (x, b, end, out) => g.data(x, b, end, out),
    onRequestTrailers: (x, f, out) => g.trailers(x, f, out),
    onResponse: () => HOLD,
    onResponseData: (x, b, end, out) => g.data(x, b, end, out),
    onResponseTrailers: (x, f, out) => g.trailers(x, f, out),
  };
}

describe("a request's head that is held", () => {
  test("goes on with the first byte that is written, to the next filter and then to the action", () => {
    const seen: string[] = [];
    const next: Filter = {
      onRequest: () => {
        seen.push("next");
        return null;
      },
    };
    const { host, run } = started([new Holder((b, _end, out) => void (b === B && out.write(B))), next], false, 2);
    expect(run.requestData(A, false)).toBe(true);
    expect([host.said, seen]).toEqual([["await"], []]);
    run.requestData(B, true);
    expect(seen).toEqual(["next"]);
    expect(host.said).toEqual(["await", "request", "data b", "data end"]);
    expect([host.request.contentLength, host.request.fields.has("content-length")]).toEqual([-1, false]);
  });

  test("goes on as it is when it is released", () => {
    const { host, run } = started([new Holder(releaseAndWrite)], false, 2);
    run.requestData(A, false);
    run.requestData(B, true);
    expect(host.said).toEqual(["await", "request", "data a", "data b", "data end"]);
    expect([host.request.contentLength, host.request.fields.get("content-length")]).toEqual([2, "2"]);
  });

  test("goes on without a body when nothing was written", () => {
    const { host, run } = started([new Holder()], false, 1);
    run.requestData(A, true);
    expect(host.said).toEqual(["await", "request"]);
    expect(run.requestEnded).toBe(true);
    expect([host.request.contentLength, host.request.fields.get("content-length")]).toEqual([0, "0"]);
  });

  test("may be changed until then, and its body be replaced", () => {
    const { host, run } = started(
      [
        new Holder((_b, end, out) => {
          if (!end) return;
          host.request.fields.set("X", "1");
          out.replace(C);
        }),
      ],
      false,
      2,
    );
    run.requestData(A, false);
    run.requestData(B, true);
    expect(host.said).toEqual(["await", "request", "data c end"]);
    expect(host.request.fields.get("content-length")).toBe("1");
    expect(host.request.fields.get("x")).toBe("1");
  });

  test("may get a body where it has none", () => {
    const { host, run } = started([new Holder((_b, _end, out) => out.replace(C))], true);
    expect(host.said).toEqual(["await", "request", "data c end"]);
    expect(run.requestEnded).toBe(true);
    expect([host.request.contentLength, host.request.fields.get("content-length")]).toEqual([1, "1"]);
  });

  test("without a body goes on as it is when the filter has nothing to do with bodies, or does nothing", () => {
    expect(started([{ onRequest: () => HOLD }], true).host.said).toEqual(["await", "request"]);
    const { host, run } = started([new Holder()], true);
    expect(host.said).toEqual(["await", "request"]);
    expect(run.requestEnded).toBe(true);
    expect(host.request.fields.has("content-length")).toBe(false);
  });

  test("may be answered, failed and reset", () => {
    const answers = started([{ onRequest: () => HOLD, onRequestData: (_x, _b, end) => (end ? REFUSED : null) }]);
    answers.run.requestData(A, false);
    answers.run.requestData(B, true);
    expect(answers.host.said).toEqual(["await", "reply 403 [] end"]);
    const fails = started([new Holder(() => localFault("bodyTooLarge", 413, "no"))]);
    fails.run.requestData(A, false);
    expect(fails.run.requestData(B, true)).toBe(true);
    expect(fails.host.said).toEqual(["await", "fail bodyTooLarge"]);
    const resets = started([{ onRequest: () => RESET }]);
    expect(resets.host.said).toEqual(["fail filterReset"]);
  });

  test("waits for a promise of its body, which pauses the sender", async () => {
    const g = gate<Reply | null>();
    const { host, run } = started([
      new Holder(async (_b, end, out) => {
        if (!end) return null;
        const v = await g.promise;
        out.replace(C);
        return v;
      }),
    ]);
    run.requestData(A, false);
    expect(run.requestData(B, true)).toBe(false);
    await g.open(null);
    expect(host.said).toEqual(["await", "request", "data c end", "opened"]);
  });

  test("may be released on a turn of the filter's own, which is an event", () => {
    const holder = new Holder();
    const { host, run } = started([holder]);
    run.requestData(A, false);
    holder.out!.write(C);
    holder.out!.end();
    holder.out!.write(C);
    expect(host.said).toEqual(["await", "request", "data c", "data end"]);
    expect(host.depth).toEqual([0, 1]);
  });

  test("waits while another filter behind it holds it too", () => {
    const [first, second] = [new Holder(), new Holder()];
    const { host, run } = started([first, second]);
    run.requestData(A, false);
    first.out!.write(A);
    expect(host.said).toEqual(["await", "await"]);
    second.out!.write(B);
    expect(host.said.slice(2)).toEqual(["request", "data b"]);
  });

  test("is not held where no body can be waited for", () => {
    const host = new FakeHost();
    host.waits = false;
    const run = new FilterRun(host, [new Holder()]);
    run.request(false);
    expect(host.said).toEqual(["await", "request"]);
  });

  test("keeps trailers", () => {
    const { host, run } = started([{ onRequest: () => HOLD, onRequestData: () => {} }]);
    run.requestData(A, false);
    run.requestTrailers(Fields.of("t", "u"));
    expect(host.said).toEqual(["await", "request", "trailers [t]"]);
  });

  test("keeps no trailers that frame or route", () => {
    const bad = Fields.of("Content-Length", "5", "X-Forwarded-For", "1.2.3.4", "t", "u", "host", "b");
    const { host, run } = started([{ onRequestData: (_x, _b, _end, out) => out.end(bad) }]);
    run.requestData(A, false);
    expect(host.said).toEqual(["request", "trailers [t]"]);
  });

  test("can't have its body replaced when it has gone", () => {
    const { host, run } = started([{ onRequestData: (_x, _b, _end, out) => out.replace(C) }]);
    run.requestData(A, false);
    expect(host.said.at(-1)).toContain("threw return HOLD for the head first");
  });
});

describe("a reply's head that is held", () => {
  test("may be changed when its body is known", () => {
    const h = replyHead();
    const { host, run } = started([
      new Holder((_b, end, out) => {
        if (!end) return;
        h.fields.set("X", "1");
        h.status = 201;
        out.replace(C);
      }),
    ]);
    host.said.length = 0;
    run.reply(h, false);
    run.replyData(A, false);
    expect(host.said).toEqual([]);
    run.replyData(B, true);
    expect(host.said).toEqual(["reply 201 [X Content-Length]", "reply end"]);
    expect(h.fields.get("content-length")).toBe("1");
  });

  test("may be taken back: a reply stands in its place, and filters before see that one", () => {
    const seen: number[] = [];
    const { host, run } = started([
      { onResponse: (_x, h) => void seen.push(h.status) },
      new Holder(() => ({ head: replyHead(502), body: C })),
    ]);
    host.said.length = 0;
    run.reply(replyHead(), false);
    run.replyData(A, false);
    run.replyData(B, true);
    expect(host.said).toEqual(["drop for 502", "reply 502 []", "reply end"]);
    expect(seen).toEqual([502]);
  });

  test.each([
    ["204", 204],
    ["304", 304],
  ])("is not held of %s, whose body is dropped", (_what, status) => {
    const { host, run } = started([new Holder()]);
    host.said.length = 0;
    run.reply(replyHead(status), false);
    run.replyData(A, true);
    expect(host.said).toEqual(["drop", `reply ${status} [] end`]);
  });
});

describe("a reply in place of a reply", () => {
  test("is what goes on, at once or later", async () => {
    const at = started([{ onResponse: () => ({ head: replyHead(418), body: A }) }]);
    at.host.said.length = 0;
    at.run.reply(replyHead(), false);
    expect(at.run.replyData(B, true)).toBe(true);
    expect(at.host.said).toEqual(["drop for 418", "reply 418 []", "reply end"]);
    const g = gate<Reply>();
    const later = started([{ onResponse: () => g.promise }]);
    later.host.said.length = 0;
    later.run.reply(replyHead(), false);
    expect(later.run.replyData(B, true)).toBe(false);
    await g.open({ head: replyHead(418), body: NONE });
    expect(later.host.said).toEqual(["drop for 418", "reply 418 [] end", "reply opened"]);
  });

  test("comes too late behind the head", () => {
    const { host, run } = started([{ onResponseData: () => REFUSED }]);
    host.said.length = 0;
    run.reply(replyHead(), false);
    run.replyData(A, false);
    expect(host.said).toEqual(["reply 200 []", "fail internal"]);
  });

  test("may change the status alone, to one of a final reply", () => {
    const { host, run } = started([{ onResponse: (_x, h) => void Object.assign(h, { status: 299 }) }]);
    host.said.length = 0;
    run.reply({ ...replyHead(), reason: "Fine" }, true);
    expect(host.said).toEqual(["reply 299 [] end"]);
    const bad = started([{ onResponse: (_x, h) => void Object.assign(h, { status: 101 }) }]);
    bad.run.reply(replyHead(), true);
    expect(bad.host.said.at(-1)).toContain("threw give a final reply a status");
  });
});

describe("a body from a filter that sees heads alone", () => {
  test("stands in place of none, and of one that comes", () => {
    const none = started([{ onRequest: () => ({ replace: C }) }], true);
    expect(none.host.said).toEqual(["await", "request", "data c end"]);
    expect(none.host.request.fields.get("content-length")).toBe("1");
    const { host, run } = started([{ onRequest: () => ({ replace: C }) }], false, 2);
    expect(run.requestData(A, false)).toBe(true);
    run.requestData(B, true);
    expect(host.said).toEqual(["await", "request", "data c end"]);
    expect(run.requestEnded).toBe(true);
  });

  test("of a reply, where it can have one", async () => {
    const { host, run } = started([{ onResponse: async () => ({ replace: C }) }]);
    host.said.length = 0;
    run.reply(replyHead(), true);
    await Promise.resolve();
    await Promise.resolve();
    expect(host.said).toEqual(["reply 200 [Content-Length]", "reply end", "reply opened"]);
    const bare = started([{ onResponse: () => ({ replace: C }) }]);
    bare.host.said.length = 0;
    bare.run.reply(replyHead(304), true);
    expect(bare.host.said).toEqual(["reply 304 [] end"]);
  });
});

describe("lengths", () => {
  test("a body that is not as long as it was announced fails the exchange", () => {
    const long = started([{ onRequestData: (_x, b, _end, out) => writeTwice(b, out) }], false, 1);
    long.run.requestData(A, true);
    expect(long.host.said.at(-1)).toContain("threw call forgetLength");
    const short = started([{ onRequestData: () => {} }], false, 1);
    short.run.requestData(A, true);
    expect(short.host.said).toEqual(["request", expect.stringContaining("threw call forgetLength")]);
    const reply = started([{ onResponseData: () => {} }]);
    const h = replyHead();
    h.fields.set("Content-Length", "1");
    h.contentLength = 1;
    reply.run.reply(h, false);
    reply.run.replyData(A, true);
    expect(reply.host.said.at(-1)).toContain("threw call forgetLength");
  });

  test("the field follows the number, whatever a filter wrote there", () => {
    const { host } = started([{ onRequest: (x) => x.request.fields.add("content-length", "7") }], false, 2);
    expect(host.request.fields.getAll("content-length")).toEqual(["2"]);
    const none = started([{ onRequest: (x) => x.request.fields.add("content-length", "7") }], true);
    expect(none.host.request.fields.getAll("content-length")).toEqual(["0"]);
  });

  test("a reply without a body has none announced", () => {
    const { run } = started([{}]);
    const h = replyHead();
    h.fields.set("Content-Length", "5");
    h.contentLength = 5;
    run.reply(h, true);
    expect([h.contentLength, h.fields.get("content-length")]).toEqual([0, "0"]);
  });
});

describe("room", () => {
  test("is told when what was written is taken again", () => {
    const holder = new Holder();
    const { host, run } = started([holder]);
    run.requestData(A, false);
    host.room = false;
    expect(holder.out!.write(A)).toBe(false);
    let told = 0;
    holder.out!.whenRoom(() => told++);
    expect(told).toBe(0);
    host.room = true;
    run.unblockRequest();
    expect(told).toBe(1);
    holder.out!.whenRoom(() => told++);
    expect(told).toBe(2);
  });

  test("is none while a filter behind pauses", async () => {
    const g = gate<null>();
    const holder = new Holder();
    const { run } = started([holder, { onRequest: () => g.promise }]);
    run.requestData(A, false);
    holder.out!.write(A);
    let told = 0;
    holder.out!.whenRoom(() => told++);
    expect(told).toBe(0);
    await g.open(null);
    expect(told).toBe(1);
  });

  test("is not told when the exchange is over", () => {
    const holder = new Holder();
    const { host, run } = started([holder]);
    run.requestData(A, false);
    host.room = false;
    holder.out!.write(A);
    let told = 0;
    holder.out!.whenRoom(() => told++);
    run.close();
    run.unblockRequest();
    expect(told).toBe(0);
  });
});

describe("a body that is gathered", () => {
  test("goes on as it came when nothing is made of it", () => {
    const seen: string[] = [];
    const whole: GathererOptions["whole"] = (_x, body) => void seen.push(new TextDecoder().decode(body));
    const { host, run } = started([gathering({ whole })], false, 2);
    run.requestData(A, false);
    run.requestData(B, true);
    expect(host.said).toEqual(["await", "request", "data ab", "data end"]);
    expect(seen).toEqual(["ab"]);
    expect(host.request.fields.get("content-length")).toBe("2");
  });

  test("keeps its trailers", () => {
    const { host, run } = started([gathering()]);
    run.requestData(A, false);
    run.requestTrailers(Fields.of("t", "u"));
    expect(host.said).toEqual(["await", "request", "data a", "trailers [t]"]);
  });

  test("may be another", async () => {
    const { host, run } = started([gathering({ whole: async (_x, _body, _t, out) => out.replace(C) })]);
    run.requestData(A, true);
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    expect(host.said).toEqual(["await", "request", "data c end", "opened"]);
  });

  test("that is too long is answered with 413, or passes unchanged", () => {
    const refused = started([gathering()]);
    refused.run.requestData(encodeLatin1("12345"), false);
    expect(refused.host.said).toEqual(["await", "fail bodyTooLarge"]);
    const passed = started([gathering({ tooLong: () => null })], false, 6);
    passed.run.requestData(encodeLatin1("123"), false);
    passed.run.requestData(encodeLatin1("45"), false);
    passed.run.requestData(encodeLatin1("6"), true);
    expect(passed.host.said).toEqual(["await", "request", "data 123", "data 45", "data 6", "data end"]);
  });
});
