import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { fieldValue } from "../support/message.ts";
import { get, openClient } from "../support/raw_client.ts";
import { reply } from "../support/raw_origin.ts";
import { openScratch, runWeir, type Site, type SiteOptions, startSite } from "../support/weir.ts";

setDefaultTimeout(30_000);

const HELLO = [
  { name: "hello", match: [{ path: "/hello" }], respond: { status: 200, body: "hello" } },
  { name: "all", to: "origin" },
];
const GET_SLOW = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";

/** A weir whose origin answers only when the test does. */
function drainable(drain: Readonly<Record<string, string>>, o: SiteOptions = {}): Promise<Site> {
  return startSite({ ...o, origin: {}, routes: HELLO, top: { drain, ...o.top } });
}

async function canConnect(port: number): Promise<boolean> {
  try {
    (await openClient(port)).destroy();
    return true;
  } catch {
    return false;
  }
}

describe("SIGTERM", () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    test(`${signal} with nothing in hand ends with 0`, async () => {
      await using site = await drainable({ delay: "0s", limit: "5s" });
      site.weir.signal(signal);
      expect(await site.weir.ended()).toEqual({ code: 0, signal: null });
    });

  test("readyz turns 503 while accepting goes on for the delay, then no more", async () => {
    await using site = await drainable({ delay: "2s", limit: "10s" });
    using held = await openClient(site.port);
    await held.send(GET_SLOW);
    const conn = await site.origin.connection();
    await conn.request();
    site.weir.signal("SIGTERM");
    await until("readyz to say 503", async () => (await site.weir.admin("/readyz")).status === 503);
    expect((await site.weir.admin("/healthz")).status).toBe(200);
    expect((await get(site.port, "/hello")).body).toBe("hello");
    await until("accepting to stop", async () => !(await canConnect(site.port)));
    expect(site.weir.exit).toBe(null);
    await conn.send(reply(200, "late"));
    const got = await held.response();
    expect(got.body).toBe("late");
    expect(fieldValue(got.fields, "connection").toLowerCase()).toBe("close");
    await held.left();
    expect((await site.weir.ended()).code).toBe(0);
  });

  test("kept connections are served during the delay and told to close, and idle ones are closed after it", async () => {
    await using site = await drainable({ delay: "1s", limit: "5s" });
    using idle = await openClient(site.port);
    using asking = await openClient(site.port);
    for (const c of [idle, asking]) {
      await c.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
      expect(fieldValue((await c.response()).fields, "connection")).toBe("");
    }
    site.weir.signal("SIGTERM");
    await until("readyz to say 503", async () => (await site.weir.admin("/readyz")).status === 503);
    await asking.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    const got = await asking.response();
    expect([got.body, fieldValue(got.fields, "connection").toLowerCase()]).toEqual(["hello", "close"]);
    expect(await asking.left()).toBe("end");
    expect(await idle.left()).toBe("end");
    expect((await site.weir.ended()).code).toBe(0);
  });

  test("what does not end within the limit is cut, and the exit is 0 all the same", async () => {
    await using site = await drainable({ delay: "0s", limit: "500ms" });
    using held = await openClient(site.port);
    await held.send(GET_SLOW);
    await (await site.origin.connection()).request();
    site.weir.signal("SIGTERM");
    await held.left();
    expect((await site.weir.ended()).code).toBe(0);
  });

  test("a second one ends it at once", async () => {
    await using site = await drainable({ delay: "1h", limit: "1h" });
    using held = await openClient(site.port);
    await held.send(GET_SLOW);
    await (await site.origin.connection()).request();
    site.weir.signal("SIGTERM");
    await until("readyz to say 503", async () => (await site.weir.admin("/readyz")).status === 503);
    site.weir.signal("SIGTERM");
    const exit = await site.weir.ended(5000);
    expect(exit.code === 0 || exit.signal === "SIGTERM").toBe(true);
    expect(existsSync(site.weir.controlPath)).toBe(false);
  });

  test("a body in flight ends whole", async () => {
    await using site = await drainable({ delay: "0s", limit: "10s" });
    using client = await openClient(site.port);
    await client.send("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
    const conn = await site.origin.connection();
    await conn.readUntil("hello");
    site.weir.signal("SIGTERM");
    await until("accepting to stop", async () => !(await canConnect(site.port)));
    await client.send("world");
    await conn.readUntil("world");
    await conn.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
    await client.readUntil("abc");
    await conn.send("def");
    await client.readUntil("def");
    expect(await client.left()).toBe("end");
    expect((await site.weir.ended()).code).toBe(0);
  });
});

describe("the control socket", () => {
  test("has mode 0600 and goes with the process", async () => {
    await using site = await drainable({ delay: "0s", limit: "5s" });
    expect(statSync(site.weir.controlPath).mode & 0o777).toBe(0o600);
    site.weir.signal("SIGTERM");
    await site.weir.ended();
    expect(existsSync(site.weir.controlPath)).toBe(false);
  });

  test("one left behind by a killed weir is no hindrance, that of a living one is not taken", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    const top = { control: join(dir, "shared.sock") };
    const first = await drainable({ delay: "0s", limit: "5s" }, { top });
    await first.weir.kill();
    await using second = await drainable({ delay: "0s", limit: "5s" }, { top });
    expect((await runWeir(["status", "--control", top.control])).code).toBe(0);
    await expect(drainable({ delay: "0s", limit: "5s" }, { top })).rejects.toThrow("shared.sock");
    expect((await runWeir(["status", "--control", top.control])).code).toBe(0);
    expect(second.weir.exit).toBe(null);
    await first[Symbol.asyncDispose]();
  });

  test("status tells what runs, for people and as JSON", async () => {
    await using site = await drainable({ delay: "0s", limit: "5s" });
    const text = await site.weir.control("status");
    expect({ code: text.code, stderr: text.stderr }).toEqual({ code: 0, stderr: "" });
    expect(text.stdout).toContain(String(site.weir.pid));
    const json = await site.weir.control("status", "--json");
    expect(json.code).toBe(0);
    expect(JSON.stringify(JSON.parse(json.stdout))).toContain(String(site.weir.pid));
  });

  test("reload answers when the config is in force, or with its problems", async () => {
    await using site = await drainable({ delay: "0s", limit: "5s" });
    site.weir.rewrite({ ...site.config, routes: [{ name: "new", respond: { status: 200, body: "new" } }] });
    expect((await site.weir.control("reload")).code).toBe(0);
    expect((await get(site.port, "/")).body).toBe("new");
    site.weir.rewrite({ ...site.config, routes: [{ name: "new", hosst: ["a"], respond: { status: 200, body: "bad" } }] });
    const refused = await site.weir.control("reload");
    expect(refused.code).toBe(1);
    expect(refused.stdout + refused.stderr).toContain("hosst");
    expect((await get(site.port, "/")).body).toBe("new");
  });

  test("drain is SIGTERM", async () => {
    await using site = await drainable({ delay: "0s", limit: "10s" });
    using held = await openClient(site.port);
    await held.send(GET_SLOW);
    const conn = await site.origin.connection();
    await conn.request();
    expect((await site.weir.control("drain")).code).toBe(0);
    await until("accepting to stop", async () => !(await canConnect(site.port)));
    await conn.send(reply(200, "late"));
    expect((await held.response()).body).toBe("late");
    expect((await site.weir.ended()).code).toBe(0);
  });

  test("stop ends it at once", async () => {
    await using site = await drainable({ delay: "1h", limit: "1h" });
    using held = await openClient(site.port);
    await held.send(GET_SLOW);
    await (await site.origin.connection()).request();
    expect((await site.weir.control("stop")).code).toBe(0);
    expect((await site.weir.ended(5000)).code).toBe(0);
  });

  test("the socket is found through the config", async () => {
    await using site = await drainable({ delay: "0s", limit: "5s" });
    expect((await runWeir(["status", "--config", site.weir.configPath])).code).toBe(0);
  });

  test("no running weir is exit 3 and one line that says what to do", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    for (const command of ["status", "reload", "drain", "stop"]) {
      const ran = await runWeir([command, "--control", join(dir, "none.sock")]);
      expect(ran.code).toBe(3);
      expect(ran.stderr).toContain("none.sock");
      expect(ran.stderr).not.toContain("    at ");
    }
  });
});
