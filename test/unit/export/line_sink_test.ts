import { describe, expect, test } from "bun:test";
import { compileAccessFormat } from "../../../src/export/access_log_format.ts";
import { LineSink } from "../../../src/export/line_sink.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";
import { FakeClock, FakeFile, failure, RecordingLog, record } from "./fakes.ts";

const PATH = compileAccessFormat({ kind: "text", template: "{path}" }).format!;

function start(prepare: (f: FakeFile) => void = () => {}) {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const file = new FakeFile();
  prepare(file);
  const metrics = new Metrics().accessLog("fake.log");
  const sink = new LineSink(file, metrics, { platform: clock, log });
  const write = (path: string): void => sink.write(record({ path }), PATH);
  return { clock, log, file, metrics, sink, write };
}

/** A path that makes a line of `n` bytes. */
const lineOf = (n: number, c = "x"): string => c.repeat(n - 1);

describe("collecting", () => {
  test("one write for all lines of a second, and none before", () => {
    const { clock, file, metrics, write } = start();
    write("a");
    clock.advance(400);
    write("b");
    clock.advance(599);
    expect(file.writing).toBe(-1);
    clock.advance(1);
    expect(file.writing).toBe(4);
    file.accept();
    expect(file.texts).toEqual(["a\nb\n"]);
    expect([metrics.lines.value, metrics.bytes.value]).toEqual([2, 4]);
  });

  test("no timer without lines", () => {
    const { clock, file, write } = start();
    expect(clock.pending).toBe(0);
    write("a");
    expect(clock.pending).toBe(1);
    clock.advance(1000);
    file.accept();
    expect(clock.pending).toBe(0);
    write("b");
    clock.advance(1000);
    file.accept();
    expect(file.texts).toEqual(["a\nb\n"]);
  });

  test("a full buffer goes at once, and lines that come meanwhile go next", () => {
    const { clock, file, write } = start();
    for (let i = 0; i < 20; i++) write(lineOf(8000, String.fromCharCode(97 + i)));
    expect(file.writing).toBeGreaterThan(0);
    expect(file.writing % 8000).toBe(0);
    while (file.busy) file.accept();
    clock.advance(1000);
    while (file.busy) file.accept();
    const wanted = Array.from({ length: 20 }, (_, i) => `${lineOf(8000, String.fromCharCode(97 + i))}\n`).join("");
    expect(file.texts[0] === wanted).toBe(true);
  });

  test("a line larger than the buffer stays whole", () => {
    const { clock, file, metrics, write } = start();
    write("small");
    write(lineOf(300_000));
    write("last");
    clock.advance(1000);
    while (file.busy) file.accept();
    expect(file.texts[0]!.split("\n").map((l) => l.length)).toEqual([5, 299_999, 4, 0]);
    expect(metrics.lines.value).toBe(3);
  });

  test("a line that no limit allows is dropped and counted", () => {
    const { clock, file, metrics, log, write } = start();
    write(lineOf(5_000_000));
    write("next");
    clock.advance(1000);
    file.accept();
    expect(file.texts).toEqual(["next\n"]);
    expect([metrics.lines.value, metrics.dropped.value]).toEqual([1, 1]);
    expect(log.told[0]!.event).toBe("access log lines are dropped: the destination takes too little");
  });
});

describe("partial writes", () => {
  test("go on where they ended", () => {
    const { clock, file, metrics, write } = start();
    for (const path of ["one", "two", "three"]) write(path);
    clock.advance(1000);
    for (let i = 0; i < 14; i++) file.accept(1);
    expect(file.busy).toBe(false);
    expect(file.texts).toEqual(["one\ntwo\nthree\n"]);
    expect(metrics.bytes.value).toBe(14);
  });

  test("a full pipe is tried again soon, and is no failure", () => {
    const { clock, file, metrics, log, write } = start();
    write("one");
    clock.advance(1000);
    file.accept(2);
    file.refuse(failure("EAGAIN"));
    expect(file.busy).toBe(false);
    clock.advance(10);
    file.accept();
    expect(file.texts).toEqual(["one\n"]);
    expect([metrics.writeErrors.value, log.told.length]).toEqual([0, 0]);
  });
});

describe("failures", () => {
  test("lose nothing while there is room, and are told once a minute", () => {
    const { clock, file, metrics, log, write } = start();
    write("one");
    clock.advance(1000);
    file.accept(1);
    for (let i = 0; i < 65; i++) {
      file.refuse(failure("ENOSPC"));
      clock.advance(1000);
    }
    expect(metrics.writeErrors.value).toBe(65);
    expect(log.told).toEqual([
      { level: "error", event: "access log can't be written", facts: { log: "fake.log", error: "ENOSPC: no luck" } },
      { level: "error", event: "access log can't be written", facts: { log: "fake.log", error: "ENOSPC: no luck" } },
    ]);
    write("two");
    file.accept();
    clock.advance(1000);
    file.accept();
    expect(file.texts).toEqual(["one\ntwo\n"]);
    expect(metrics.dropped.value).toBe(0);
  });

  test("memory stays bounded: new lines are dropped, counted, and told with the first and at the end", () => {
    const { clock, file, metrics, log, write } = start();
    for (let i = 0; i < 800; i++) write(lineOf(8000));
    const { value: lines } = metrics.lines;
    expect(metrics.dropped.value).toBe(800 - lines);
    expect(lines * 8000).toBeLessThan(4.2 * 1024 * 1024);
    expect(lines * 8000).toBeGreaterThan(3.9 * 1024 * 1024);
    expect(log.told).toEqual([
      { level: "error", event: "access log lines are dropped: the destination takes too little", facts: { log: "fake.log" } },
    ]);
    clock.advance(1000);
    while (file.busy) file.accept();
    clock.advance(1000);
    while (file.busy) file.accept();
    expect(file.texts[0]!.length).toBe(lines * 8000);
    expect(log.told[1]).toEqual({
      level: "warning",
      event: "access log lines were dropped, the destination takes them again",
      facts: { log: "fake.log", lines: 800 - lines },
    });
  });

  test("to open at start are told, and writing opens", () => {
    const { clock, file, log, write } = start((f) => {
      f.openFailure = failure("EACCES");
    });
    expect(log.told.map((t) => t.facts.error)).toEqual(["EACCES: no luck"]);
    write("one");
    clock.advance(1000);
    file.accept();
    expect(file.texts).toEqual(["one\n"]);
  });
});

describe("reopening", () => {
  test("waits for the write under way, rest included", () => {
    const { clock, file, sink, write } = start();
    write("one");
    clock.advance(1000);
    sink.reopen();
    expect(file.opening).toBe(false);
    file.accept(2);
    expect(file.opening).toBe(false);
    write("two");
    file.accept();
    expect(file.opening).toBe(true);
    clock.advance(1000);
    file.acceptOpen();
    file.accept();
    expect(file.texts).toEqual(["one\n", "two\n"]);
  });

  test("that fails keeps the old file and loses nothing", () => {
    const { clock, file, metrics, log, sink, write } = start();
    sink.reopen();
    write("one");
    file.refuseOpen(failure("EACCES"));
    clock.advance(1000);
    file.accept();
    expect(file.texts).toEqual(["one\n"]);
    expect([metrics.writeErrors.value, log.told[0]!.facts.error]).toEqual([1, "EACCES: no luck"]);
  });

  test("leaves a full disk at once, and no half line begins the new file", () => {
    const { clock, file, metrics, sink, write } = start();
    for (const path of ["one", "two", "three"]) write(path);
    clock.advance(1000);
    file.accept(5);
    file.refuse(failure("ENOSPC"));
    sink.reopen();
    file.refuse(failure("ENOSPC"));
    expect(file.opening).toBe(true);
    file.acceptOpen();
    file.accept();
    expect(file.texts).toEqual(["one\nt", "three\n"]);
    expect(metrics.dropped.value).toBe(1);
  });

  test("after a write that ended between two lines drops none", () => {
    const { clock, file, metrics, sink, write } = start();
    for (const path of ["one", "two"]) write(path);
    clock.advance(1000);
    file.accept(4);
    sink.reopen();
    file.refuse(failure("ENOSPC"));
    file.acceptOpen();
    file.accept();
    expect(file.texts).toEqual(["one\n", "two\n"]);
    expect(metrics.dropped.value).toBe(0);
  });
});

describe("closing", () => {
  test("writes what is there, then closes", async () => {
    const { clock, file, sink, write } = start();
    write("one");
    const closed = sink.close();
    file.accept();
    await closed;
    expect(file.texts).toEqual(["one\n"]);
    expect(file.closed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test("twice is the same", async () => {
    const { file, sink } = start();
    await Promise.all([sink.close(), sink.close()]);
    expect(file.closed).toBe(true);
  });

  test("gives up on a failure, and counts what is lost", async () => {
    const { file, metrics, sink, write } = start();
    for (const path of ["one", "two", "three"]) write(path);
    const closed = sink.close();
    file.accept(4);
    file.refuse(failure("ENOSPC"));
    await closed;
    expect(file.closed).toBe(true);
    expect(metrics.dropped.value).toBe(2);
  });

  test("gives up on a destination that takes nothing", async () => {
    const { clock, file, metrics, sink, write } = start();
    write("one");
    const closed = sink.close();
    clock.advance(2000);
    await closed;
    expect(metrics.dropped.value).toBe(1);
    file.accept(0);
    expect(file.busy).toBe(false);
  });

  test("drops what comes later", async () => {
    const { file, metrics, sink, write } = start();
    await sink.close();
    write("late");
    sink.reopen();
    expect([metrics.lines.value, metrics.dropped.value, file.busy]).toEqual([0, 1, false]);
  });
});
