import { expect, test } from "bun:test";
import type { CliIo } from "../../../src/cli/deps.ts";
import { showAnswer } from "../../../src/cli/show_answer.ts";
import type { Status } from "../../../src/server/status.ts";

const STATUS: Status = {
  name: "edge",
  version: "1.2.3",
  runtime: "bun",
  pid: 10,
  state: "running",
  generation: 4,
  uptimeSeconds: 60,
  listeners: [{ name: "web", address: ":80", connections: 7 }],
  clusters: [
    {
      name: "app",
      hosts: [
        { address: "10.0.0.1:80", state: "unchecked", why: "" },
        { address: "10.0.0.2:80", state: "unhealthy", why: "status 503" },
        { address: "10.0.0.3:80", state: "healthy", why: "" },
      ],
    },
    { name: "none", hosts: [] },
  ],
};

function shown(status: Status): string {
  let text = "";
  const out = (t: string): void => {
    text += t;
  };
  const io = { out, err: out } as unknown as CliIo;
  const request = { command: "status", socket: "/x", json: false } as const;
  expect(showAnswer(request, { ok: true, message: "", data: status }, io)).toBe(0);
  return text;
}

const HEAD = "edge is running: weir 1.2.3 on bun, pid 10, up 60 s, config generation 4\n";
const REST =
  "listener web on :80: 7 connections\ncluster app: 10.0.0.1:80, 10.0.0.2:80 (unhealthy: status 503), 10.0.0.3:80 (healthy)\ncluster none: no host\n";

test("the status of one process", () => expect(shown(STATUS)).toBe(HEAD + REST));

test("the status of several workers", () => {
  const workers = [
    { index: 0, pid: 11, restarts: 0, state: "running", connections: 4 },
    { index: 1, pid: 12, restarts: 1, state: "silent", connections: 0 },
    { index: 2, pid: 0, restarts: 5, state: "starting", connections: 0 },
  ] as const;
  expect(shown({ ...STATUS, workers })).toBe(
    `${HEAD}worker 0 is running: pid 11, 4 connections
worker 1 is silent: pid 12, 0 connections, restarted once
worker 2 is starting, restarted 5 times
${REST}`,
  );
});
