import { afterEach, describe, expect, test } from "bun:test";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AccessLogSpec } from "../../../src/config/model.ts";
import { AccessLogs } from "../../../src/export/access_logs.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";
import { REAL_CLOCK, RecordingLog, record } from "./fakes.ts";

const dirs: string[] = [];

afterEach(() => {
  for (const dir of dirs.splice(0)) fs.rmSync(dir, { recursive: true });
});

function start() {
  const dir = fs.mkdtempSync(join(tmpdir(), "weir-access-"));
  dirs.push(dir);
  const log = new RecordingLog();
  const metrics = new Metrics();
  const logs = new AccessLogs(metrics, { platform: REAL_CLOCK, log });
  return { path: join(dir, "access.log"), log, metrics, logs };
}

const toFile = (path: string, template = "{path}"): AccessLogSpec => ({
  to: { kind: "file", path },
  format: { kind: "text", template },
});
const linesOf = (path: string): string[] => fs.readFileSync(path, "utf8").split("\n").slice(0, -1);

/** Turns of the event loop until `holds`, at most so many that a broken promise is told and not waited for. */
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 100_000; i++) {
    if (holds()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("it never came to hold");
}

describe("files", () => {
  test("are appended to, and hold whole lines in order", async () => {
    const { path, logs } = start();
    fs.writeFileSync(path, "before\n");
    logs.apply([toFile(path)]);
    for (let i = 0; i < 50_000; i++) logs.write(record({ path: `/${i}` }));
    await logs.close();
    expect(linesOf(path)).toEqual(["before", ...Array.from({ length: 50_000 }, (_, i) => `/${i}`)]);
  });

  test("are made readable by owner and group alone", async () => {
    const { path, logs } = start();
    logs.apply([toFile(path)]);
    await logs.close();
    expect(fs.statSync(path).mode & 0o137).toBe(0);
  });

  test("are rotated by rename and reopen under lines: none lost, torn or out of order", async () => {
    const { path, logs, log } = start();
    logs.apply([toFile(path)]);
    let n = 0;
    for (let turn = 1; turn <= 5; turn++) {
      for (let i = 0; i < 3000; i++) logs.write(record({ path: `/${n++}/${"x".repeat(100)}` }));
      fs.renameSync(path, `${path}.${turn}`);
      logs.reopen();
      for (let i = 0; i < 1000; i++) logs.write(record({ path: `/${n++}/${"x".repeat(100)}` }));
      await until(() => fs.existsSync(path));
    }
    await logs.close();
    const parts = [1, 2, 3, 4, 5].map((turn) => linesOf(`${path}.${turn}`));
    const all = [...parts.flat(), ...linesOf(path)];
    expect(all).toEqual(Array.from({ length: n }, (_, i) => `/${i}/${"x".repeat(100)}`));
    expect(log.told).toEqual([]);
  });

  test("get nothing more under their old name once they were opened anew", async () => {
    const { path, logs } = start();
    logs.apply([toFile(path)]);
    logs.write(record({ path: "/old" }));
    fs.renameSync(path, `${path}.1`);
    logs.reopen();
    await until(() => fs.existsSync(path));
    const { size } = fs.statSync(`${path}.1`);
    logs.write(record({ path: "/new" }));
    await logs.close();
    expect(fs.statSync(`${path}.1`).size).toBe(size);
    expect(linesOf(path).at(-1)).toBe("/new");
  });

  test("whose directory is not there yet are opened when it is", async () => {
    const { path, logs, log, metrics } = start();
    const later = join(path, "dir", "access.log");
    logs.apply([toFile(later)]);
    expect(log.told[0]!.event).toBe("access log can't be written");
    expect(log.told[0]!.facts.error).toContain("ENOENT");
    logs.write(record({ path: "/kept" }));
    fs.mkdirSync(join(path, "dir"), { recursive: true });
    logs.reopen();
    await until(() => fs.existsSync(later));
    await logs.close();
    expect(linesOf(later)).toEqual(["/kept"]);
    expect(metrics.accessLog(later).dropped.value).toBe(0);
  });

  test("that can't be written end in a counter and an event, never in a throw", async () => {
    const { logs, log, metrics } = start();
    logs.apply([toFile("/dev/full")]);
    logs.write(record());
    await logs.close();
    expect(log.told.map((t) => t.facts.log)).toEqual(["/dev/full"]);
    expect(log.told[0]!.facts.error).toContain("ENOSPC");
    const m = metrics.accessLog("/dev/full");
    expect([m.lines.value, m.dropped.value, m.writeErrors.value]).toEqual([1, 1, 1]);
  });

  test("that are pipes get every line once, however slowly they are read", async () => {
    const { path, logs, log } = start();
    expect(Bun.spawnSync(["mkfifo", path]).exitCode).toBe(0);
    const reader = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    logs.apply([toFile(path)]);
    const lines = Array.from({ length: 3000 }, (_, i) => `/${i}/${"x".repeat(60)}\n`).join("");
    for (let i = 0; i < 3000; i++) logs.write(record({ path: `/${i}/${"x".repeat(60)}` }));
    const closed = logs.close();
    let text = "";
    const piece = new Uint8Array(10_000);
    await until(() => {
      try {
        text += new TextDecoder().decode(piece.subarray(0, fs.readSync(reader, piece)));
      } catch (e) {
        expect((e as { code?: string }).code).toBe("EAGAIN");
      }
      return text.length >= lines.length;
    });
    await closed;
    fs.closeSync(reader);
    expect(text === lines).toBe(true);
    expect(log.told).toEqual([]);
  });

  test("that are pipes without a reader do not hang", async () => {
    const { path, logs, log } = start();
    expect(Bun.spawnSync(["mkfifo", path]).exitCode).toBe(0);
    logs.apply([toFile(path)]);
    logs.write(record());
    await logs.close();
    expect(log.told[0]!.facts.error).toContain("ENXIO");
  });
});

describe("a config's logs", () => {
  test("all get each exchange, each in its format", async () => {
    const { path, logs } = start();
    logs.apply([
      toFile(`${path}.text`, "{method} {path}"),
      { to: { kind: "file", path: `${path}.json` }, format: { kind: "json", fields: ["status", "path"] } },
    ]);
    logs.write(record());
    await logs.close();
    expect(linesOf(`${path}.text`)).toEqual(["GET /cart?item=1"]);
    expect(linesOf(`${path}.json`)).toEqual(['{"status":200,"path":"/cart?item=1"}']);
  });

  test("share a file that is named twice", async () => {
    const { path, logs } = start();
    logs.apply([toFile(path, "a {path}"), toFile(path, "b {path}")]);
    for (let i = 0; i < 3; i++) logs.write(record({ path: `/${i}` }));
    await logs.close();
    expect(linesOf(path)).toEqual(["a /0", "b /0", "a /1", "b /1", "a /2", "b /2"]);
  });

  test("are swapped: what stays keeps its lines, what goes is written out, metrics of what went are forgotten", async () => {
    const { path, logs, metrics } = start();
    logs.apply([toFile(path), toFile(`${path}.gone`)]);
    logs.write(record({ path: "/1" }));
    logs.apply([toFile(path, "now {path}"), toFile(`${path}.new`)]);
    logs.write(record({ path: "/2" }));
    await logs.close();
    expect(linesOf(path)).toEqual(["/1", "now /2"]);
    expect(linesOf(`${path}.gone`)).toEqual(["/1"]);
    expect(linesOf(`${path}.new`)).toEqual(["/2"]);
    const rows = metrics.numbers.families.get("weir_access_log_lines_total")!.rows;
    expect([...rows.values()].map((r) => r.labels.log)).toEqual([path, `${path}.new`]);
  });

  test("can be none", async () => {
    const { logs } = start();
    logs.write(record());
    logs.apply([]);
    logs.write(record());
    logs.reopen();
    await logs.close();
  });

  test("with a format that was never checked are refused, and the old ones stay", async () => {
    const { path, logs } = start();
    logs.apply([toFile(path)]);
    expect(() => logs.apply([toFile(`${path}.2`), toFile(path, "{nope}")])).toThrow("nope");
    logs.write(record());
    await logs.close();
    expect(linesOf(path)).toEqual(["/cart?item=1"]);
    expect(fs.existsSync(`${path}.2`)).toBe(false);
  });
});

describe("standard streams", () => {
  test("take lines through a pipe that is read slowly", async () => {
    const script = join(import.meta.dirname, "stdout_log.ts");
    const child = Bun.spawn([process.execPath, script, "20000"], { stdout: "pipe", stderr: "inherit" });
    const text = await new Response(child.stdout).text();
    expect(await child.exited).toBe(0);
    expect(text).toBe(Array.from({ length: 20_000 }, (_, i) => `/${i}/${"x".repeat(50)}\n`).join(""));
  });
});
