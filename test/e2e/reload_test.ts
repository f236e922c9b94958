import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { freePort } from "../support/ports.ts";
import { get, openClient } from "../support/raw_client.ts";
import { reply, startOrigin } from "../support/raw_origin.ts";
import { type Site, scratchDir, startArgs, startSite, textOf } from "../support/weir.ts";

setDefaultTimeout(30_000);

/** How long a changed file may take to be in force. */
const IN_FORCE_MS = 1000;
/** Room for a busy machine on top: the promise is measured by the product's own clock in the bench, not here. */
const SLACK_MS = 2000;

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const o of open.splice(0)) await o[Symbol.asyncDispose]();
});

async function site(): Promise<Site> {
  const s = await startSite({ routes: answers("one") });
  open.push(s);
  return s;
}

/** One route that answers with a word. */
function answers(word: string): readonly unknown[] {
  return [{ name: "word", respond: { status: 200, body: word } }];
}

async function says(port: number, word: string): Promise<void> {
  await until(`the answer to be ${word}`, async () => (await get(port, "/")).body === word, IN_FORCE_MS + SLACK_MS);
}

describe("a good config is in force within a second", () => {
  test("after SIGHUP", async () => {
    const s = await site();
    s.weir.rewrite({ ...s.config, routes: answers("two") });
    s.weir.signal("SIGHUP");
    await says(s.port, "two");
  });

  test("after a rewrite in place", async () => {
    const s = await site();
    for (const word of ["two", "three", "four"]) {
      s.weir.rewrite({ ...s.config, routes: answers(word) });
      await says(s.port, word);
    }
  });

  test("after a rename over the file", async () => {
    const s = await site();
    for (const word of ["two", "three"]) {
      const fresh = join(s.weir.dir, "fresh.tmp");
      writeFileSync(fresh, textOf({ ...s.config, routes: answers(word) }));
      renameSync(fresh, s.weir.configPath);
      await says(s.port, word);
    }
  });

  test("after the swap of a mounted directory's symlink", async () => {
    const dir = scratchDir();
    const [port, adminPort] = await Promise.all([freePort(), freePort()]);
    const config = {
      admin: { address: `127.0.0.1:${adminPort}` },
      control: join(dir, "weir.sock"),
      listeners: { web: { address: `127.0.0.1:${port}` } },
    };
    /** Writes a version as the kubelet does: a dated directory, and a rename of the `..data` link. */
    function publish(version: string): void {
      mkdirSync(join(dir, `..${version}`));
      writeFileSync(join(dir, `..${version}`, "weir.yaml"), textOf({ ...config, routes: answers(version) }));
      symlinkSync(`..${version}`, join(dir, "..data_tmp"));
      renameSync(join(dir, "..data_tmp"), join(dir, "..data"));
    }
    publish("v1");
    symlinkSync(join("..data", "weir.yaml"), join(dir, "weir.yaml"));
    const weir = await startArgs(["run", join(dir, "weir.yaml")], { dir, owned: true, adminPort });
    open.push(weir);
    expect((await get(port, "/")).body).toBe("v1");
    for (const version of ["v2", "v3"]) {
      publish(version);
      await says(port, version);
    }
  });

  test("of a config that is large, again and again, and small once more", async () => {
    const s = await site();
    const many = Array.from({ length: 1_000 }, (_, i) => ({
      name: `r${i}`,
      hosts: [`h${i}.example`],
      match: [{ prefix: `/section/${i}` }],
      respond: { status: 200, body: `${i}` },
    }));
    for (const word of ["two", "three", "four"]) {
      s.weir.rewrite({ ...s.config, routes: [...many, ...answers(word)] });
      await says(s.port, word);
      expect((await get(s.port, "/section/7", "h7.example")).body).toBe("7");
    }
    const from = s.weir.stderr.length;
    s.weir.rewrite({ ...s.config, routes: [...many, { name: "word", hosst: ["x"], respond: { status: 200 } }] });
    expect(await s.weir.said(/hosst/, from)).toContain("hosts");
    s.weir.rewrite({ ...s.config, routes: answers("small") });
    await says(s.port, "small");
  });

  test("after a change of an included file", async () => {
    const s = await site();
    const part = join(s.weir.dir, "part.yaml");
    writeFileSync(part, textOf({ routes: answers("part") }));
    const { routes: _, ...rest } = s.config;
    s.weir.rewrite({ ...rest, include: ["part.yaml"] });
    await says(s.port, "part");
    writeFileSync(part, textOf({ routes: answers("changed") }));
    await says(s.port, "changed");
  });
});

describe("a bad config", () => {
  test("is refused with its problems in the log, and the old one stays", async () => {
    const s = await site();
    const from = s.weir.stderr.length;
    s.weir.rewrite({ ...s.config, routes: [{ name: "word", hosst: ["x"], respond: { status: 200, body: "bad" } }] });
    s.weir.signal("SIGHUP");
    const said = await s.weir.said(/hosst/, from);
    expect(said).toContain("hosts");
    expect((await get(s.port, "/")).body).toBe("one");
    expect(await s.weir.metric("weir_config_reloads_total", { result: "refused" })).toBeGreaterThanOrEqual(1);
    expect(await s.weir.metric("weir_config_last_reload_successful")).toBe(0);
    s.weir.rewrite({ ...s.config, routes: answers("mended") });
    await says(s.port, "mended");
    expect(await s.weir.metric("weir_config_last_reload_successful")).toBe(1);
  });

  test("a file that is gone or empty changes nothing", async () => {
    const s = await site();
    let from = s.weir.stderr.length;
    s.weir.rewrite("");
    s.weir.signal("SIGHUP");
    await s.weir.said(/weir\.yaml/, from);
    expect((await get(s.port, "/")).body).toBe("one");
    from = s.weir.stderr.length;
    unlinkSync(s.weir.configPath);
    s.weir.signal("SIGHUP");
    await s.weir.said(/weir\.yaml/, from);
    expect((await get(s.port, "/")).body).toBe("one");
  });

  test("one whose address is taken is refused whole", async () => {
    const s = await site();
    const from = s.weir.stderr.length;
    const listeners = { ...(s.config["listeners"] as object), more: { address: `127.0.0.1:${s.origin.port}` } };
    s.weir.rewrite({ ...s.config, listeners, routes: answers("two") });
    s.weir.signal("SIGHUP");
    await s.weir.said(new RegExp(String(s.origin.port)), from);
    expect((await get(s.port, "/")).body).toBe("one");
  });
});

describe("what did not change keeps its connections", () => {
  test("a kept connection goes on and sees the new routes", async () => {
    const s = await site();
    using client = await openClient(s.port);
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect((await client.response()).body).toBe("one");
    s.weir.rewrite({ ...s.config, routes: answers("two") });
    await says(s.port, "two");
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect((await client.response()).body).toBe("two");
    expect(client.ending).toBe("open");
  });

  test("a request in flight and an upstream's pooled connection live on", async () => {
    const s = await startSite({
      origin: {
        serve: (r, conn) => (r.target === "/slow" ? undefined : conn.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")),
      },
    });
    open.push(s);
    expect((await get(s.port, "/warm")).body).toBe("ok");
    using client = await openClient(s.port);
    await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    await until("the request at the origin", () => s.origin.requests.some((r) => r.target === "/slow"));
    const generation = await s.weir.metric("weir_config_generation");
    const routes = [
      { name: "new", match: [{ path: "/new" }], respond: { status: 200, body: "new" } },
      ...(s.config["routes"] as unknown[]),
    ];
    s.weir.rewrite({ ...s.config, routes });
    await until("the new config", async () => (await s.weir.metric("weir_config_generation")) > generation);
    expect((await get(s.port, "/new")).body).toBe("new");
    await s.origin.connections.at(-1)!.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
    expect((await client.response()).body).toBe("late");
    expect((await get(s.port, "/after")).body).toBe("ok");
    expect(s.origin.connections.length).toBe(1);
  });

  test("a tunnel outlives the edits of a week, that of its own route among them", async () => {
    const s = await startSite({
      origin: {},
      routes: [{ name: "ws", match: [{ path: "/ws" }], to: "origin" }, ...answers("zero")],
    });
    open.push(s);
    using client = await openClient(s.port);
    await client.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    const conn = await s.origin.connection();
    await conn.request();
    await conn.send("HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
    expect((await client.response()).status).toBe(101);
    for (const word of ["one", "two", "three"]) {
      s.weir.rewrite({ ...s.config, routes: answers(word), clusters: { origin: { endpoints: ["127.0.0.1:1"] } } });
      await says(s.port, word);
      await client.send(word);
      expect(await conn.readUntil(word)).toBe(word);
      await conn.send(`${word} too`);
      expect(await client.readUntil("too")).toBe(`${word} too`);
    }
  });

  test("a cluster's endpoint that is gone loses its connections, another cluster keeps them", async () => {
    const other = await startOrigin({ serve: (_r, conn) => conn.send(reply(200, "other")) });
    open.push(other);
    const s = await startSite({
      routes: [
        { name: "other", match: [{ path: "/other" }], to: "other" },
        { name: "all", to: "origin" },
      ],
      clusters: { other: { endpoints: [`127.0.0.1:${other.port}`] } },
    });
    open.push(s);
    for (const path of ["/x", "/other"]) expect((await get(s.port, path)).status).toBe(200);
    await using next = await startOrigin({ serve: (_r, conn) => conn.send(reply(200, "next")) });
    const clusters = s.config["clusters"] as Readonly<Record<string, object>>;
    s.weir.rewrite({ ...s.config, clusters: { ...clusters, origin: { endpoints: [`127.0.0.1:${next.port}`] } } });
    await says(s.port, "next");
    await until("the old endpoint's connection to end", () => s.origin.open === 0);
    expect((await get(s.port, "/other")).body).toBe("other");
    expect(other.connections.length).toBe(1);
  });

  test("a removed listener closes, an added one opens, the other's connections stay", async () => {
    const s = await site();
    const added = await freePort();
    using kept = await openClient(s.port);
    await kept.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await kept.response();
    s.weir.rewrite({ ...s.config, listeners: { ...(s.config["listeners"] as object), more: { address: `127.0.0.1:${added}` } } });
    await until("the added listener", () => canConnect(added), IN_FORCE_MS + SLACK_MS);
    using leaving = await openClient(added);
    await leaving.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect((await leaving.response()).body).toBe("one");
    s.weir.rewrite(s.config);
    await until("the listener to be gone", async () => !(await canConnect(added)), IN_FORCE_MS + SLACK_MS);
    await leaving.left();
    await kept.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect((await kept.response()).body).toBe("one");
  });

  test("a renamed listener, two that swap addresses and a moved one keep sockets and connections", async () => {
    const s = await site();
    const second = await freePort();
    const third = await freePort();
    const routes = ["one", "two", "web"].map((l) => ({ name: l, listeners: l, respond: { status: 200, body: `by ${l}` } }));
    const put = (listeners: Readonly<Record<string, number>>): void => {
      const bound = Object.entries(listeners).map(([name, port]) => [name, { address: `127.0.0.1:${port}` }]);
      s.weir.rewrite({
        ...s.config,
        listeners: Object.fromEntries(bound),
        routes: routes.filter((r) => r.listeners in listeners),
      });
    };
    using client = await openClient(s.port);
    const asks = async (): Promise<string> => {
      await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      return (await client.response()).body;
    };
    expect(await asks()).toBe("one");
    put({ one: s.port, two: second });
    await says(s.port, "by one");
    expect([await asks(), (await get(second, "/")).body]).toEqual(["by one", "by two"]);
    put({ one: second, two: s.port });
    await says(s.port, "by two");
    expect([await asks(), (await get(second, "/")).body]).toEqual(["by two", "by one"]);
    // The one takes the other's place, and a new one its own.
    put({ one: s.port, web: third });
    await says(s.port, "by one");
    await says(third, "by web");
    expect(await asks()).toBe("by one");
    await until("the left address to be free", async () => !(await canConnect(second)));
    expect(client.ending).toBe("open");
  });

  test("a socket makes room for one of other settings and another name", async () => {
    const s = await site();
    s.weir.rewrite({
      ...s.config,
      listeners: { other: { address: `:${s.port}`, keepalive: "7s" } },
      routes: answers("other"),
    });
    // Between the two sockets a client may be refused or cut.
    const body = (): Promise<string> =>
      get(s.port, "/").then(
        (r) => r.body,
        () => "",
      );
    await until("the new listener", async () => (await body()) === "other");
  });

  test("the config's generation rises by one with a change", async () => {
    const s = await site();
    const first = await s.weir.metric("weir_config_generation");
    s.weir.rewrite({ ...s.config, routes: answers("two") });
    await says(s.port, "two");
    expect(await s.weir.metric("weir_config_generation")).toBe(first + 1);
  });

  test("counters rise over a reload", async () => {
    const s = await site();
    for (let i = 0; i < 3; i++) await get(s.port, "/");
    s.weir.rewrite({ ...s.config, routes: answers("two") });
    await says(s.port, "two");
    expect(await s.weir.metric("weir_route_requests_total", { route: "word", status: "2xx" })).toBeGreaterThanOrEqual(4);
  });
});

async function canConnect(port: number): Promise<boolean> {
  try {
    (await openClient(port)).destroy();
    return true;
  } catch {
    return false;
  }
}
