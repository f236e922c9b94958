import { expect, test } from "bun:test";
import { workerShare } from "../../../../src/server/processes/worker_share.ts";
import { parseConfig } from "../../../../src/source/file/load_config.ts";

test("a worker has its part of what is capped, and all of what is not", async () => {
  const text = `
listeners:
  capped: { address: ":1", protocol: tcp, to: c, maxConnections: 10, connectionRate: { perSecond: 10, burst: 5 } }
  free: { address: ":2", protocol: tcp, to: c }
clusters: { c: { endpoints: ["127.0.0.1:3"] } }
limits: { connections: 100 }
`;
  const files = { read: () => Promise.reject(new Error("no file")), list: () => Promise.resolve([]) };
  const { model } = await parseConfig(text, "weir.yaml", {}, files);
  const { listeners, process } = workerShare(model!, 4);
  expect(process.maxConnections).toBe(25);
  expect(listeners.get("capped")).toEqual({
    ...model!.listeners.get("capped")!,
    maxConnections: 3,
    connectionRate: { perSecond: 2.5, burst: 2 },
  });
  expect(listeners.get("free")).toEqual(model!.listeners.get("free")!);
  expect(workerShare(model!, 1)).toEqual({ listeners: model!.listeners as Map<string, never>, process: model!.process });
});
