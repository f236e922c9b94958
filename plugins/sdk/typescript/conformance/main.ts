// The plugin that plugins/conformance/README.md describes.
import { type Action, CallError, type Host, type RequestCall, serve } from "../mod.ts";

interface Config {
  readonly greeting?: string;
}

const waiting: (() => void)[] = [];

serve<Config>({
  name: "conformance",
  version: "1",
  match: [{ prefixes: ["/"] }],
  configSchema: { type: "object", properties: { greeting: { type: "string" } } },
  configure(value) {
    if (typeof value === "object" && value !== null && "bad" in value) throw new Error("leave bad out");
    return (value ?? {}) as Config;
  },
  requestHead: { fields: "*", attributes: ["client.address", "route"], handle: requestHead },
  requestBody: {
    mode: "buffered",
    limitBytes: 65_536,
    handle(call) {
      if (call.bytes.length === 0) return null;
      const fields: Action["fields"] = [
        ["set", "x-length", String(call.bytes.length)],
        ["set", "x-trailers", String(call.trailers.length)],
      ];
      return { fields, bytes: upper(call.bytes) };
    },
  },
  responseHead: {
    fields: ["content-type"],
    handle(call) {
      const { status } = call.response;
      const action: Action = { fields: [["set", "x-status", String(status)]] };
      if (status === 404) action.status = 410;
      return action;
    },
  },
  responseBody: {
    mode: "streamed",
    async *handle(body) {
      let [first, sum, isBig] = ["", 0, false];
      for await (const piece of body) {
        sum += piece.length;
        if (isBig) continue;
        if (first === "") {
          first = new TextDecoder().decode(piece);
          if (first.startsWith("!pass")) return { pass: true };
          if (first.startsWith("!error")) throw new Error("asked for");
          if (first.startsWith("!early")) {
            yield "bye";
            return undefined;
          }
          isBig = first.startsWith("!big ");
          if (isBig) {
            yield "a".repeat(Number(first.slice(5)));
            continue;
          }
        }
        yield upper(piece);
      }
      return first.startsWith("!trailers") ? { trailers: [["x-sum", String(sum)]] } : undefined;
    },
  },
  chooseUpstream: { handle: (call) => call.hosts.findLast((h) => h.zone === "b")?.address },
  log: {
    attributes: ["status", "route"],
    everyMs: 50,
    batch: 10,
    handle(records, lost, host) {
      host.count("records", records.length);
      if (lost > 0) host.count("lost", lost);
    },
  },
  tick: { everyMs: 1000, handle: (_time, _config, host) => host.count("ticks") },
  endpoints: {
    watch({ config, signal, tell }, host) {
      tell((config as { addresses: string[] }).addresses.map((address) => ({ address })));
      signal.addEventListener("abort", () => host.log.info("unwatched"));
    },
  },
  done(_x, state, host) {
    if (state.get("path") === "/done") host.log.info("done");
  },
});

function requestHead(call: RequestCall<Config>, host: Host): Action | null | Promise<Action | null> {
  const { method, scheme, authority, path } = call.request;
  switch (path.split("?")[0]) {
    case "/fields":
      return {
        fields: [
          ["set", "x-set", call.field("x-in") ?? "none"],
          ["add", "x-add", "1"],
          ["remove", "x-remove"],
        ],
      };
    case "/request":
      return set({ "x-request": `${method} ${scheme} ${authority} ${path}`, "x-end": String(call.end) });
    case "/head":
      return {
        method: "PUT",
        path: "/changed?q=1",
        metadata: { conformance: { seen: true } },
        timeoutMs: 1500,
        cluster: "other",
      };
    case "/respond":
      return { respond: { status: 418, fields: [["content-type", "text/plain"]], text: "short and stout" } };
    case "/respond-bytes":
      return { respond: { status: 200, bytes: new Uint8Array([0, 255, 10]) } };
    case "/redirect":
      return { redirect: { location: "/elsewhere", status: 307 } };
    case "/reset":
      return { reset: true };
    case "/skip-body":
      return { body: "none" };
    case "/cache":
      return { respond: { status: 204 }, cache: { key: ["method", "field:authorization"], ttlMs: 30_000 } };
    case "/attributes":
      return set({
        "x-client": String(call.attributes["client.address"] ?? "none"),
        "x-route": String(call.attributes["route"] ?? "none"),
      });
    case "/config":
      return set({ "x-greeting": call.config.greeting ?? "none" });
    case "/error":
      throw new Error("asked for");
    case "/wait":
      return new Promise((resolve) => waiting.push(() => resolve(null)));
    case "/release":
      for (const go of waiting.splice(0)) go();
      return null;
    case "/wait-cancel":
      return new Promise((_, reject) => {
        call.signal.addEventListener("abort", () => {
          host.log.info("cancelled");
          reject(call.signal.reason);
        });
      });
    case "/print":
      console.log("stray");
      return null;
    case "/log":
      host.log.warn("hello", { n: 1 });
      return null;
    case "/count":
      host.count("seen", 2, { a: "b" });
      return null;
    case "/kv":
      return kv(host);
    case "/denied":
      return host.kv.get("k").then(
        () => set({ "x-code": "none" }),
        (e: unknown) => set({ "x-code": e instanceof CallError ? String(e.code) : "?" }),
      );
    case "/http":
      return http(host);
    case "/done":
      call.state.set("path", "/done");
      return null;
    default:
      return null;
  }
}

async function kv(host: Host): Promise<Action> {
  await host.kv.set("k", { n: 1 }, 1000);
  const got = (await host.kv.get("k")) as { n: number };
  const sum = await host.kv.add("c", 2);
  const deleted = await host.kv.delete("k");
  return set({ "x-n": String(got.n), "x-sum": String(sum), "x-deleted": String(deleted) });
}

async function http(host: Host): Promise<Action> {
  const answer = await host.http({
    cluster: "c",
    method: "POST",
    path: "/p",
    fields: [["a", "b"]],
    timeoutMs: 500,
    body: "ping",
  });
  return set({ "x-status": String(answer.status), "x-body": answer.text() });
}

function set(fields: Record<string, string>): Action {
  return { fields: Object.entries(fields).map(([name, value]) => ["set", name, value]) };
}

/** ASCII letters in upper case, any other byte as it is. */
function upper(b: Uint8Array): Uint8Array {
  return b.map((c) => (c >= 97 && c <= 122 ? c - 32 : c));
}
