import { expect, test } from "bun:test";
import { readSettings } from "./settings.ts";
import { type Fate, Shipper, type Target } from "./shipper.ts";

/** A target that says what it is told to, and waits for nothing. */
class Scripted implements Target {
  readonly fates: (Fate | Error)[];
  readonly got: string[] = [];
  readonly waits: number[] = [];
  lostLines = 0;
  sentLines = 0;

  constructor(...fates: (Fate | Error)[]) {
    this.fates = fates;
  }

  send(lines: string): Promise<Fate> {
    const fate = this.fates.shift() ?? "sent";
    if (fate instanceof Error) return Promise.reject(fate);
    if (fate === "sent") this.got.push(lines);
    return Promise.resolve(fate);
  }

  wait(ms: number): Promise<void> {
    this.waits.push(ms);
    return Promise.resolve();
  }

  lost(count: number): void {
    this.lostLines += count;
  }

  sent(count: number): void {
    this.sentLines += count;
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("records become lines, in their order", async () => {
  const target = new Scripted();
  const shipper = new Shipper(target, 1000, 500);
  shipper.push([{ status: 200 }, { status: 404, route: "a\nb" }]);
  shipper.push([{ status: 500 }]);
  shipper.push([]);
  await settled();
  expect(target.got).toEqual(['{"status":200}\n{"status":404,"route":"a\\nb"}\n', '{"status":500}\n']);
  expect([target.sentLines, target.lostLines]).toEqual([3, 0]);
});

test("what is not taken is sent again, with longer waits", async () => {
  const target = new Scripted("later", new Error("gone"), "later", "sent", "later");
  const shipper = new Shipper(target, 1000, 500);
  shipper.push([1]);
  shipper.push([2]);
  await settled();
  expect(target.got).toEqual(["1\n", "2\n"]);
  expect(target.waits).toEqual([500, 1000, 2000, 500]);
});

test("no wait is longer than half a minute", async () => {
  const target = new Scripted(...Array.from({ length: 10 }, () => "later" as const));
  const shipper = new Shipper(target, 1000, 5000);
  shipper.push([1]);
  await settled();
  expect(target.waits.slice(0, 5)).toEqual([5000, 10_000, 20_000, 30_000, 30_000]);
});

test("the oldest give way where too much waits", async () => {
  const target = new Scripted("later");
  const shipper = new Shipper(target, 12, 500);
  for (let i = 0; i < 5; i++) shipper.push([`a${i}`]);
  await settled();
  expect(target.got).toEqual(['"a3"\n', '"a4"\n']);
  expect([target.sentLines, target.lostLines]).toEqual([2, 3]);
});

test("what will never be taken is lost", async () => {
  const target = new Scripted("never");
  const shipper = new Shipper(target, 1000, 500);
  shipper.push([1, 2]);
  shipper.push([3]);
  await settled();
  expect(target.got).toEqual(["3\n"]);
  expect(target.lostLines).toBe(2);
});

test("at the end what waits is tried once more", async () => {
  const target = new Scripted("later");
  target.wait = () => new Promise(() => undefined);
  const shipper = new Shipper(target, 1000, 500);
  shipper.push([1]);
  shipper.push([2]);
  await settled();
  target.fates.push("later");
  await shipper.end();
  expect(target.got).toEqual(["2\n"]);
  expect(target.lostLines).toBe(1);
});

test("a batch on its way at the end is not sent twice", async () => {
  const target = new Scripted();
  const answer = Promise.withResolvers<Fate>();
  const sent: string[] = [];
  target.send = (lines) => {
    sent.push(lines);
    return answer.promise;
  };
  const shipper = new Shipper(target, 1000, 500);
  shipper.push([1]);
  const end = shipper.end();
  await settled();
  answer.resolve("sent");
  await end;
  expect(sent).toEqual(["1\n"]);
  expect([target.sentLines, target.lostLines]).toEqual([1, 0]);
});

test("settings", () => {
  expect(readSettings({ file: "a.log" })).toMatchObject({ file: "a.log", bufferBytes: 8_388_608 });
  expect(readSettings({ cluster: "logs", path: "/in", fields: { "X-Token": "t" } })).toMatchObject({
    file: null,
    cluster: "logs",
    path: "/in",
    fields: [["x-token", "t"]],
  });
  const rows: readonly [unknown, string][] = [
    [null, "name a file or a cluster"],
    [{ file: "a", cluster: "b" }, "one of them"],
    [{ fil: "a" }, "found fil"],
    [{ file: "" }, "give file"],
    [{ file: "a", retryMs: 0 }, "give retryMs as an integer from 1"],
  ];
  for (const [value, said] of rows) expect(() => readSettings(value)).toThrow(said);
});
