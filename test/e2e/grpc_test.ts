import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../support/deadline.ts";
import { GrpcClient, GrpcService, Messages } from "../support/grpc_service.ts";
import { callWeb, message, type WebFrame } from "../support/grpc_web_client.ts";
import { uses } from "../support/mint.ts";
import { freePort } from "../support/ports.ts";
import { LOCALHOST, Pki, SERVER_USE } from "../support/tls_pki.ts";
import { type Site, startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

// A client and a server of another hand, with Weir between them: in cleartext, and with TLS on both sides.
const pki = new Pki();
let plain: GrpcService;
let secure: GrpcService;
let site: Site;
let clients: Readonly<Record<"h2c" | "TLS", GrpcClient>>;
let web: string;

beforeAll(async () => {
  const pair = pki.pair("app", { extensions: [LOCALHOST, uses(SERVER_USE)] });
  [plain, secure] = await Promise.all([GrpcService.start(), GrpcService.start(pair)]);
  const nobody = await freePort();
  site = await startSite({
    listener: { detect: true, tls: { certificates: [pki.server("site", ["site.example"])] } },
    routes: [
      { name: "secure", hosts: "site.example", to: "secure" },
      {
        name: "capped",
        match: { path: "/test.Echo/Never", headers: { "x-capped": "yes" } },
        to: "plain",
        grpc: { maxTimeout: "300ms" },
      },
      {
        name: "capped-chat",
        match: { path: "/test.Echo/Chat", headers: { "x-capped": "yes" } },
        to: "plain",
        grpc: { maxTimeout: "300ms" },
        requestHeaders: { remove: ["grpc-timeout"] },
      },
      // The server is not told, so that the deadline is Weir's alone.
      {
        name: "short",
        match: { path: "/test.Echo/Never" },
        to: "plain",
        grpc: { maxTimeout: "300ms" },
        requestHeaders: { remove: ["grpc-timeout"] },
      },
      {
        name: "down",
        match: { path: "/test.Echo/Fail", headers: { "x-to": "nobody" } },
        to: "nobody",
        filters: [{ grpcWeb: {} }],
      },
      {
        name: "none",
        match: { path: "/test.Echo/Unary", headers: { "x-to": "403" } },
        respond: { status: 403, body: "not you" },
      },
      {
        name: "echo",
        match: { prefix: "/test.Echo" },
        to: "plain",
        filters: [{ grpcWeb: {} }],
        grpc: { methods: ["/test.Echo/Unary"] },
      },
    ],
    clusters: {
      plain: { endpoints: [`127.0.0.1:${plain.port}`], protocol: "h2c" },
      secure: { endpoints: [`127.0.0.1:${secure.port}`], protocol: "h2", tls: { ca: pki.ca } },
      nobody: { endpoints: [`127.0.0.1:${nobody}`], protocol: "h2c" },
    },
    top: {},
  });
  clients = { h2c: new GrpcClient(site.port), TLS: new GrpcClient(site.port, pki.ca) };
  web = `http://127.0.0.1:${site.port}/test.Echo`;
});

afterAll(async () => {
  for (const c of Object.values(clients)) c.close();
  await site[Symbol.asyncDispose]();
  plain.close();
  secure.close();
  pki[Symbol.dispose]();
});

for (const way of ["h2c", "TLS"] as const) {
  const service = (): GrpcService => (way === "TLS" ? secure : plain);

  describe(`over ${way}`, () => {
    test("a unary call, with metadata in front and behind", async () => {
      const told = await clients[way].call("Unary", "hello", { "x-asked": "yes" });
      expect([told.code, told.message]).toEqual([0, "hello"]);
      expect(told.head?.get("x-answered")).toEqual(["yes"]);
      expect(told.trailers.get("x-trailer")).toEqual(["behind"]);
    });

    test("large messages, and an empty one", async () => {
      const large = "x".repeat(3_000_000);
      const all = await Promise.all([large, "", large].map((m) => clients[way].call("Unary", m)));
      expect(all.map((t) => [t.code, t.message?.length])).toEqual([
        [0, large.length],
        [0, 0],
        [0, large.length],
      ]);
    });

    test("an error of the server's", async () => {
      const told = await clients[way].call("Fail", "");
      expect([told.code, told.details]).toEqual([9, "not ready: 100 %, später"]);
    });

    test("a stream of replies comes message by message", async () => {
      const messages = new Messages(clients[way].down());
      for (let i = 1; i <= 3; i++) {
        await until(`message ${i}`, () => messages.got.length === i);
        service().next();
      }
      await until("the status", () => messages.status !== null);
      expect(messages.got).toEqual(["message 0", "message 1", "message 2"]);
      expect(messages.status?.code).toBe(0);
    });

    test("a stream of requests", async () => {
      const reply = await new Promise<string>((resolve, reject) => {
        const stream = clients[way].up((e, b) => (e === null ? resolve(b!.toString()) : reject(e)));
        for (let i = 0; i < 100; i++) stream.write(Buffer.alloc(10_000));
        stream.end();
      });
      expect(reply).toBe("1000000");
    });

    test("both at once, each waiting for the other", async () => {
      const chat = clients[way].chat();
      const messages = new Messages(chat);
      for (let i = 1; i <= 5; i++) {
        chat.write(Buffer.from(`turn ${i}`));
        await until(`turn ${i}`, () => messages.got.length === i);
      }
      chat.end();
      await until("the status", () => messages.status !== null);
      expect(messages.got.at(-1)).toBe("turn 5");
      expect(messages.status?.code).toBe(0);
    });

    test("a client that cancels is told of to the server", async () => {
      const before = service().cancelled;
      const chat = clients[way].chat();
      const messages = new Messages(chat);
      chat.write(Buffer.from("a"));
      await until("an answer", () => messages.got.length === 1);
      chat.cancel();
      await until("the status", () => messages.status !== null);
      expect(messages.status?.code).toBe(1);
      await until("the server to be told", () => service().cancelled === before + 1);
    });
  });
}

describe("errors of Weir's own", () => {
  test("no route, an upstream that is not there, a reply of the config", async () => {
    const lost = await clients.h2c.call("Unary", "", { "x-to": "403" });
    expect([lost.code, lost.details]).toEqual([7, "not you"]);
    const down = await clients.h2c.call("Fail", "", { "x-to": "nobody" });
    expect([down.code, down.details]).toEqual([14, "503 Service Unavailable"]);
    expect(await site.weir.metric("weir_grpc_requests_total", { route: "down", grpc_status: "14" })).toBe(1);
  });

  test("a head that is refused before it has a route", async () => {
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`x-${i}`, "v"]));
    const told = await clients.h2c.call("Up", "", many);
    expect([told.code, told.details]).toEqual([2, "431 Request Header Fields Too Large"]);
    await until("the line of it", () => site.log().some((l) => l["flags"] === "DPE"));
    const line = site.log().find((l) => l["flags"] === "DPE");
    expect(line).toMatchObject({ status: 200, method: "POST", path: "/test.Echo/Up" });
  });

  test("a deadline: the client hears of it, and the server", async () => {
    const before = plain.cancelled;
    const told = await clients.h2c.call("Never", "");
    expect([told.code, told.details]).toEqual([4, "504 Gateway Timeout"]);
    await until("the server to be told", () => plain.cancelled === before + 1);
    const line = await site.logged("/test.Echo/Never");
    expect(line).toMatchObject({ status: 200, flags: "UT", route: "short" });
    expect(await site.weir.metric("weir_grpc_requests_total", { route: "short", grpc_status: "4" })).toBe(1);
  });
});

test("a deadline within a reply: the call is cancelled, on both sides", async () => {
  const before = plain.cancelled;
  const chat = clients.h2c.chat({ "x-capped": "yes" });
  const messages = new Messages(chat);
  chat.write(Buffer.from("a"));
  await until("an answer", () => messages.got.length === 1);
  await until("the status", () => messages.status !== null);
  expect(messages.status?.code).toBe(1);
  await until("the server to be told", () => plain.cancelled === before + 1);
  expect(await site.weir.metric("weir_grpc_requests_total", { route: "capped-chat", grpc_status: "4" })).toBe(1);
});

test("the server is told of the route's bound on a call", async () => {
  const told = await clients.h2c.call("Never", "", { "x-capped": "yes" });
  expect(told.code).toBe(4);
  expect(plain.timeoutMs).toBeGreaterThan(0);
  expect(plain.timeoutMs).toBeLessThanOrEqual(300);
});

describe("gRPC-Web", () => {
  async function all(reply: { next(): Promise<WebFrame | null> }): Promise<string[]> {
    const out: string[] = [];
    for (;;) {
      const frame = await reply.next();
      if (frame === null) return out;
      out.push(frame.trailers ? `[${frame.text.replaceAll("\r\n", " ").trim()}]` : frame.text);
    }
  }

  test.each(["application/grpc-web+proto", "application/grpc-web-text+proto"])("%s: a unary call", async (type) => {
    const body = type.includes("text") ? message("hello").toString("base64") : message("hello");
    const reply = await callWeb(`${web}/Unary`, type, body, { "x-asked": "yes" });
    expect(reply.response.status).toBe(200);
    expect(reply.response.headers.get("content-type")).toBe(type);
    expect(reply.response.headers.get("x-answered")).toBe("yes");
    const frames = await all(reply);
    expect(frames[0]).toBe("hello");
    expect(frames[1]).toContain("grpc-status:0");
    expect(frames[1]).toContain("x-trailer:behind");
    expect(frames).toHaveLength(2);
  });

  test("text that is padded in the middle", async () => {
    const whole = message("hello");
    const body = [whole.subarray(0, 1), whole.subarray(1, 3), whole.subarray(3)].map((b) => b.toString("base64")).join("");
    expect(body.indexOf("=")).toBeLessThan(body.length - 3);
    expect((await all(await callWeb(`${web}/Unary`, "application/grpc-web-text", body)))[0]).toBe("hello");
  });

  test.each(["application/grpc-web", "application/grpc-web-text"])("%s: a stream comes message by message", async (type) => {
    const body = type.includes("text") ? message("").toString("base64") : message("");
    const reply = await callWeb(`${web}/Down`, type, body);
    for (let i = 0; i < 3; i++) {
      // The server goes on only when this has come.
      expect(await reply.next()).toEqual({ trailers: false, text: `message ${i}` });
      plain.next();
    }
    expect((await reply.next())?.text).toContain("grpc-status:0");
    expect(await reply.next()).toBeNull();
  });

  test("errors, of the server's and of Weir's own", async () => {
    const failed = await callWeb(`${web}/Fail`, "application/grpc-web", message(""));
    const told = [failed.response.headers.get("grpc-status"), ...(await all(failed))].join();
    expect(told).toMatch(/^9|grpc-status:9/);
    const down = await callWeb(`${web}/Fail`, "application/grpc-web", message(""), { "x-to": "nobody" });
    expect(down.response.headers.get("grpc-status")).toBe("14");
    expect(await all(down)).toEqual([]);
    const bad = await callWeb(`${web}/Unary`, "application/grpc-web-text", "no base64");
    expect(bad.response.headers.get("grpc-status")).toBe("13");
  });
});

test("calls are counted by route, method and status", async () => {
  const count = (labels: Readonly<Record<string, string>>): Promise<number> =>
    site.weir.metric("weir_grpc_requests_total", labels);
  const before = await count({ route: "echo", method: "/test.Echo/Unary", grpc_status: "0" });
  await clients.h2c.call("Unary", "");
  await callWeb(`${web}/Unary`, "application/grpc-web", message(""));
  await until(
    "both to be counted",
    async () => (await count({ route: "echo", method: "/test.Echo/Unary", grpc_status: "0" })) === before + 2,
  );
  expect(await count({ method: "/test.Echo/Fail" })).toBe(await count({ route: "down" }));
  expect(await count({ route: "echo", method: "" })).toBeGreaterThan(0);
});
