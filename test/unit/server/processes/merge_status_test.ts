import { expect, test } from "bun:test";
import { mergeStatus } from "../../../../src/server/processes/merge_status.ts";
import type { HostStatus, Status } from "../../../../src/server/status.ts";

const A = "10.0.0.1:80";
const B = "10.0.0.2:80";

function status(...hosts: HostStatus[]): Status {
  return {
    name: "edge",
    version: "1",
    runtime: "bun",
    pid: 1,
    state: "running",
    generation: 1,
    uptimeSeconds: 1,
    listeners: [],
    clusters: [{ name: "app", hosts }],
  };
}

function merged(own: Status, ...workers: (Status | null)[]): readonly HostStatus[] {
  const answers = workers.map((s, index) => ({ index, pid: 10 + index, restarts: 0, status: s }));
  return mergeStatus(own, answers).clusters[0]!.hosts;
}

const ok = (address: string): HostStatus => ({ address, state: "healthy", why: "" });
const out = (address: string): HostStatus => ({ address, state: "ejected", why: "5xx in a row" });

test("a host that one worker leaves out is shown so, with how many do", () => {
  expect(merged(status(ok(A), ok(B)), status(ok(A), ok(B)), status(ok(A), out(B)), status(ok(A), out(B)))).toEqual([
    ok(A),
    { address: B, state: "ejected", why: "5xx in a row, in 2 of 3 workers" },
  ]);
});

test("workers tell how hosts are, and the supervisor where none answers", () => {
  const ill: HostStatus = { address: A, state: "unhealthy", why: "status 503" };
  expect(merged(status(ok(A)), status(ill))).toEqual([ill]);
  expect(merged(status(ill), null)).toEqual([ill]);
});
