import { describe, expect, test } from "bun:test";
import { ConnectionCaps } from "../../../src/server/connection_caps.ts";

const SPEC = {
  maxConnections: 3,
  maxConnectionsPerClient: 2,
  user: null,
  group: null,
  worker: { memory: { softBytes: null, hardBytes: null }, orphanMs: 0 },
};

describe("caps on connections", () => {
  test("count all, and those of each client", () => {
    const caps = new ConnectionCaps(SPEC, null);
    expect([caps.admit("a"), caps.admit("a"), caps.admit("a"), caps.admit("b"), caps.admit("c")]).toEqual([
      null,
      null,
      "clientLimit",
      null,
      "processLimit",
    ]);
    caps.release("a");
    expect([caps.total, caps.admit("a"), caps.total]).toEqual([2, null, 3]);
  });

  test("count a client that is not known yet when it is named", () => {
    const caps = new ConnectionCaps(SPEC, null);
    expect([caps.admit(null), caps.admit(null), caps.admit(null), caps.admit(null)]).toEqual([null, null, null, "processLimit"]);
    expect([caps.name("a"), caps.name("a"), caps.name("a")]).toEqual([null, null, "clientLimit"]);
    // The third was refused, and is nobody's.
    caps.release(null);
    caps.release("a");
    expect([caps.total, caps.admit("a"), caps.admit("a")]).toEqual([1, null, "clientLimit"]);
  });
});
