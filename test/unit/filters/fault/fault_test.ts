import { describe, expect, test } from "bun:test";
import type { FaultSpec } from "../../../../src/config/traffic_model.ts";
import type { Filter, FilterEnv, FilterExchange, Maybe, Reply } from "../../../../src/filter/types.ts";
import { FaultFactory } from "../../../../src/filters/fault/fault_factory.ts";
import { createMemoryPlatform } from "../../../../src/platform/memory.ts";
import { Random } from "../../../fuzz/random.ts";
import { FakeHost } from "../../filter/fake_host.ts";

const NONE: FaultSpec = { kind: "fault", delay: null, abort: null, headers: [], maxActive: Number.POSITIVE_INFINITY };

function faults(spec: Partial<FaultSpec>, random: () => number = () => 0) {
  const platform = createMemoryPlatform();
  const env: FilterEnv = {
    now: () => platform.now(),
    wallNow: () => platform.wallNow(),
    setTimer: (ms, f) => platform.setTimer(ms, f),
    random,
  };
  const factory = new FaultFactory({ ...NONE, ...spec }, env);
  return { platform, factory, x: new FakeHost() };
}

function begin(filter: Filter | null, x: FilterExchange): Promise<Reply | null> {
  return Promise.resolve(filter!.onRequest!(x, true) as Maybe<Reply | null>);
}

describe("an abort", () => {
  test("answers with its status, is told as a fault, and makes no promise", () => {
    const { factory, x } = faults({ abort: { share: 1, status: 418, grpcStatus: 5 } });
    const reply = factory.open(x)!.onRequest!(x, true) as Reply;
    expect(reply.code).toBe("faultInjected");
    expect(reply.head.status).toBe(418);
    expect(new TextDecoder().decode(reply.body)).toMatch(/^418 /);
  });

  test.each([
    [5, "5"],
    [null, "14"],
  ])("tells a call of gRPC its status: %p", async (grpcStatus, wanted) => {
    const { factory, x } = faults({ abort: { share: 1, status: 503, grpcStatus } });
    x.request.fields.set("Content-Type", "application/grpc+proto");
    const reply = await begin(factory.open(x), x);
    expect(reply!.head.status).toBe(200);
    expect(reply!.head.fields.get("grpc-status")).toBe(wanted);
    expect(reply!.body.length).toBe(0);
  });
});

describe("a delay", () => {
  const delay = { share: 1, ms: 2_000 };

  test("holds the request back for its time, and marks it", async () => {
    const { platform, factory, x } = faults({ delay });
    let through: Reply | null | undefined;
    void begin(factory.open(x), x).then((r) => {
      through = r;
    });
    await platform.advance(1_999);
    expect(through).toBeUndefined();
    expect(factory.active).toBe(1);
    await platform.advance(1);
    expect(through).toBeNull();
    expect(factory.active).toBe(0);
    expect(x.said).toEqual(["mark DI"]);
  });

  test("comes before an abort", async () => {
    const { platform, factory, x } = faults({ delay, abort: { share: 1, status: 500, grpcStatus: null } });
    const reply = begin(factory.open(x), x);
    await platform.advance(2_000);
    expect((await reply)!.head.status).toBe(500);
  });

  test("ends when the exchange does, and no timer is left", async () => {
    const { platform, factory, x } = faults({ delay });
    const filter = factory.open(x)!;
    let ended = false;
    void begin(filter, x).then(() => {
      ended = true;
    });
    filter.onDone!(x);
    expect(factory.active).toBe(0);
    await platform.advance(10_000);
    expect(ended).toBe(false);
    expect(factory.active).toBe(0);
  });

  test("is given to no more than the bound at once", async () => {
    const { platform, factory, x } = faults({ delay, maxActive: 2 });
    const first = [factory.open(x), factory.open(x)];
    for (const f of first) void begin(f, x);
    expect(factory.open(x)).toBeNull();
    await platform.advance(2_000);
    expect(factory.open(x)).not.toBeNull();
  });
});

describe("which requests meet one", () => {
  test("only those with all the fields", () => {
    const headers = [
      { name: "x-test", value: "yes" },
      { name: "x-more", value: "1" },
    ];
    const { factory, x } = faults({ abort: { share: 1, status: 503, grpcStatus: null }, headers });
    expect(factory.open(x)).toBeNull();
    x.request.fields.set("X-Test", "yes");
    expect(factory.open(x)).toBeNull();
    x.request.fields.set("X-More", "2");
    expect(factory.open(x)).toBeNull();
    x.request.fields.set("X-More", "1");
    expect(factory.open(x)).not.toBeNull();
  });

  test("none without a draw: such a request has no filter", () => {
    const { factory, x } = faults({ delay: { share: 0.5, ms: 1 } }, () => 0.5);
    expect(factory.open(x)).toBeNull();
  });

  test("shares are kept, of delays and aborts each by itself (chi-square, 3 degrees of freedom, 0.1 %: 16.27)", () => {
    const random = new Random(7);
    const draw = (): number => random.below(2 ** 30) / 2 ** 30;
    const { factory, x } = faults({ delay: { share: 0.2, ms: 1 }, abort: { share: 0.1, status: 503, grpcStatus: null } }, draw);
    const n = 100_000;
    const seen = { none: 0, delay: 0, abort: 0, both: 0 };
    for (let i = 0; i < n; i++) {
      const filter = factory.open(x);
      const r = filter === null ? null : filter.onRequest!(x, true);
      if (filter === null) seen.none++;
      else if (r instanceof Promise) {
        filter.onDone!(x);
        seen.delay++;
      } else seen.abort++;
    }
    // A delay with an abort is a delay first.
    const chances = { none: 0.8 * 0.9, delay: 0.2, abort: 0.8 * 0.1 };
    let chi = 0;
    for (const [what, p] of Object.entries(chances)) chi += (seen[what as keyof typeof seen] - n * p) ** 2 / (n * p);
    expect(chi).toBeLessThan(16.27);
  });
});
