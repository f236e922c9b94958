import { describe, expect, test } from "bun:test";
import { createEventLog, type EventLogOptions } from "../../../src/telemetry/create_event_log.ts";

const WALL = Date.UTC(2026, 0, 31, 23, 59, 59, 250);

function start(over: Partial<EventLogOptions> = {}) {
  const lines: string[] = [];
  const write = (line: string): void => {
    lines.push(line);
  };
  const log = createEventLog({
    level: "info",
    format: "json",
    isTerminal: false,
    noColor: false,
    write,
    wallNow: () => WALL,
    ...over,
  });
  return { lines, log };
}

describe("levels", () => {
  test.each([
    ["debug", ["debug", "info", "warning", "error"]],
    ["info", ["info", "warning", "error"]],
    ["warning", ["warning", "error"]],
    ["error", ["error"]],
  ] as const)("from %s on", (level, told) => {
    const { lines, log } = start({ level });
    for (const l of ["debug", "info", "warning", "error"] as const) log.log(l, "x");
    expect(lines.map((l) => JSON.parse(l).level)).toEqual([...told]);
  });
});

describe("JSON lines", () => {
  test("have time, level, event and the facts", () => {
    const { lines, log } = start();
    log.log("info", "listening", { listener: "web", port: 8080, tls: false, error: null, names: ["a", "b"] });
    expect(lines).toEqual([
      '{"time":"2026-01-31T23:59:59.250Z","level":"info","event":"listening","listener":"web","port":8080,"tls":false,"error":null,"names":["a","b"]}\n',
    ]);
  });

  test("are what a pipe gets, and a terminal when it is asked for", () => {
    for (const o of [
      { format: "auto", isTerminal: false },
      { format: "json", isTerminal: true },
    ] as const) {
      const { lines, log } = start(o);
      log.log("info", "x");
      expect(lines[0]).toStartWith("{");
    }
  });
});

describe("text lines", () => {
  const text = { format: "text", isTerminal: false } as const;

  test("are read by people", () => {
    const { lines, log } = start(text);
    log.log("warning", "config refused", {
      file: "weir.yaml",
      line: 7,
      problem: 'unknown key "hosst"',
      hints: ["hosts"],
      none: "",
    });
    expect(lines).toEqual([
      '2026-01-31T23:59:59.250Z warning config refused file=weir.yaml line=7 problem="unknown key \\"hosst\\"" hints=["hosts"] none=""\n',
    ]);
  });

  test("have colour on terminals alone, and none where NO_COLOR asks so", () => {
    const of = (o: Partial<EventLogOptions>): string => {
      const { lines, log } = start(o);
      log.log("error", "x", { a: 1 });
      return lines[0]!;
    };
    const plain = "2026-01-31T23:59:59.250Z error   x a=1\n";
    expect(of({ format: "auto", isTerminal: true, noColor: true })).toBe(plain);
    expect(of({ format: "text", isTerminal: false })).toBe(plain);
    const colored = of({ format: "auto", isTerminal: true });
    expect(colored).toContain("\x1b[31m");
    expect(colored.replace(/\x1b\[\d*m/g, "")).toBe(plain);
  });
});

describe("what peers send", () => {
  const EVIL = 'a\nb\r\x1b[2J\x07\x7f\x9b\u2028\u202e c="d" é';

  test.each([
    ["json", false],
    ["text", false],
    ["text", true],
  ] as const)("stays in its value: %s, terminal %p", (format, isTerminal) => {
    const { lines, log } = start({ format, isTerminal, noColor: true });
    log.log("info", "refused", { value: EVIL });
    expect(lines).toHaveLength(1);
    expect(lines[0]!.replace(/\n$/, "")).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028\u202e]/);
    if (format === "json") expect(JSON.parse(lines[0]!).value).toBe(EVIL);
    else expect(JSON.parse(lines[0]!.slice(lines[0]!.indexOf("value=") + 6))).toBe(EVIL);
  });

  test("cannot add a field to a text line", () => {
    const { lines, log } = start({ format: "text" });
    log.log("info", "x", { a: "1 level=error", b: "c=d" });
    expect(lines[0]).toEndWith('x a="1 level=error" b="c=d"\n');
  });
});

describe("instances", () => {
  test("are independent, and follow the config", () => {
    const one = start({ level: "error" });
    const two = start({ level: "debug", format: "text" });
    one.log.log("info", "x");
    two.log.log("debug", "y");
    expect([one.lines.length, two.lines.length]).toEqual([0, 1]);
    one.log.adjust({ level: "info", format: "text" });
    one.log.log("info", "x");
    expect(one.lines).toEqual(["2026-01-31T23:59:59.250Z info    x\n"]);
    expect(two.lines).toHaveLength(1);
  });

  test("tell in every line what they are told to, also of a fact with the same name", () => {
    const { lines, log } = start({ format: "text" });
    log.log("info", "before");
    log.always({ worker: 3 });
    log.log("info", "after", { a: 1, worker: 4 });
    expect(lines.map((l) => l.split("info")[1]!.trim())).toEqual(["before", "after a=1 worker=3"]);
  });

  test("survive a destination that throws", () => {
    const { log } = start({
      write: () => {
        throw new Error("EPIPE");
      },
    });
    expect(() => log.log("error", "x")).not.toThrow();
  });
});
