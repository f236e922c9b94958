import { describe, expect, test } from "bun:test";
import type { AccessLogSpec } from "../../../src/config/model.ts";
import { compileAccessFormat } from "../../../src/export/access_log_format.ts";
import { ACCESS_FIELDS, DEFAULT_JSON_FIELDS, DEFAULT_TEXT_TEMPLATE } from "../../../src/telemetry/access_fields.ts";
import type { AccessRecord } from "../../../src/telemetry/access_record.ts";
import { record } from "./fakes.ts";

/** What each field says of `record()`: as text, and as JSON. */
const EXPECTED: Readonly<Record<string, readonly [text: string, json: string | number | null]>> = {
  time: ["2026-01-31T23:59:59.007Z", "2026-01-31T23:59:59.007Z"],
  time_clf: ["31/Jan/2026:23:59:59 +0000", "31/Jan/2026:23:59:59 +0000"],
  time_unix_ms: ["1769903999007", 1769903999007],
  listener: ["web", "web"],
  remote_address: ["192.0.2.1", "192.0.2.1"],
  remote_port: ["51234", 51234],
  client_address: ["198.51.100.7", "198.51.100.7"],
  local_address: ["127.0.0.1:8080", "127.0.0.1:8080"],
  connection_id: ["17", 17],
  protocol: ["HTTP/1.1", "HTTP/1.1"],
  scheme: ["http", "http"],
  method: ["GET", "GET"],
  host: ["shop.example.com", "shop.example.com"],
  path: ["/cart?item=1", "/cart?item=1"],
  status: ["200", 200],
  request_body_bytes: ["11", 11],
  response_body_bytes: ["130", 130],
  request_head_bytes: ["96", 96],
  response_head_bytes: ["180", 180],
  duration_ms: ["12.346", 12.346],
  request_duration_ms: ["0.250", 0.25],
  upstream_head_duration_ms: ["10.000", 10],
  connect_duration_ms: ["-", null],
  route: ["checkout", "checkout"],
  cluster: ["checkout-v1", "checkout-v1"],
  endpoint: ["10.0.0.11:8080", "10.0.0.11:8080"],
  attempts: ["2", 2],
  flags: ["UF", "UF"],
  request_id: ["id-1", "id-1"],
  grpc_status: ["14", 14],
  server_name: ["shop.example.com", "shop.example.com"],
  failed_plugin: ["auth", "auth"],
};

function lineOf(spec: AccessLogSpec["format"], r: AccessRecord): string {
  const { format, problems } = compileAccessFormat(spec);
  if (format === null) throw new Error(problems.map((p) => p.message).join("\n"));
  const b = new Uint8Array(1 << 20);
  return new TextDecoder("utf-8", { fatal: true }).decode(b.subarray(0, format.write(r, b, 0)));
}

function text(template: string, r: AccessRecord = record()): string {
  return lineOf({ kind: "text", template }, r);
}

function json(fields: readonly string[], r: AccessRecord = record()): unknown {
  const line = lineOf({ kind: "json", fields }, r);
  expect(line.endsWith("}\n")).toBe(true);
  expect(line.indexOf("\n")).toBe(line.length - 1);
  return JSON.parse(line);
}

describe("fields", () => {
  test("every one has an expectation here", () => {
    expect(Object.keys(EXPECTED)).toEqual(ACCESS_FIELDS.map((f) => f.name));
  });

  test.each(ACCESS_FIELDS.map((f) => [f.name] as const))("%s", (name) => {
    const [asText, asJson] = EXPECTED[name]!;
    expect(text(`<{${name}}>`)).toBe(`<${asText}>\n`);
    expect(json([name])).toEqual({ [name]: asJson });
    expect(typeof asJson === "string" ? "string" : "number").toBe(ACCESS_FIELDS.find((f) => f.name === name)!.type);
  });

  test("metadata is asked for by its namespace and its key", () => {
    const r = record({ metadataText: (namespace, key) => (namespace === "auth" ? `${key}|\u00e9"` : "") });
    expect(text("{metadata.auth.user} {metadata.auth.a.b} {metadata.auth} {metadata.none.x}", r)).toBe(
      "user|\\xC3\\xA9\\x22 a.b|\\xC3\\xA9\\x22 |\\xC3\\xA9\\x22 -\n",
    );
    expect(json(["metadata.auth.user", "metadata.none"], r)).toEqual({
      "metadata.auth.user": 'user|\u00e9"',
      "metadata.none": "",
    });
    for (const name of ["metadata.", "metadata..x"])
      expect(compileAccessFormat({ kind: "json", fields: [name] }).problems.map((p) => p.message)).toEqual([
        `name a namespace: found "${name}", wanted "metadata.NAMESPACE" or "metadata.NAMESPACE.KEY"`,
      ]);
  });

  test("header fields are asked for in lower case", () => {
    const r = record({}, { "user-agent": "curl/8" });
    expect(text("{request.header.User-Agent} {response.header.server} {request.header.x-none}", r)).toBe("curl/8 origin -\n");
    expect(json(["request.header.User-Agent", "response.header.none"], r)).toEqual({
      "request.header.User-Agent": "curl/8",
      "response.header.none": "",
    });
  });

  test("what is absent is a dash in text", () => {
    const r = record({ cluster: "", endpoint: "", flags: "", route: "", upstreamHeadDuration: -1, status: 0 });
    expect(text("{route} {cluster} {endpoint} {flags} {upstream_head_duration_ms} {status}", r)).toBe("- - - - - 0\n");
    expect(text("{grpc_status}", record({ grpcStatus: -1 }))).toBe("-\n");
    expect(json(["grpc_status"], record({ grpcStatus: -1 }))).toEqual({ grpc_status: null });
    expect(json(["grpc_status"], record({ grpcStatus: 0 }))).toEqual({ grpc_status: 0 });
  });

  test("a value that changes is written anew", () => {
    const { format } = compileAccessFormat({ kind: "text", template: "{route} {time} {time_clf}" });
    const b = new Uint8Array(1024);
    const line = (r: AccessRecord): string => new TextDecoder().decode(b.subarray(0, format!.write(r, b, 0)));
    const start = Date.UTC(2026, 1, 28, 23, 59, 59, 999);
    expect(line(record({ route: "é", startWall: start }))).toBe(
      "\\xC3\\xA9 2026-02-28T23:59:59.999Z 28/Feb/2026:23:59:59 +0000\n",
    );
    expect(line(record({ route: "b", startWall: start + 1 }))).toBe("b 2026-03-01T00:00:00.000Z 01/Mar/2026:00:00:00 +0000\n");
    expect(line(record({ route: "é", startWall: start }))).toBe(
      "\\xC3\\xA9 2026-02-28T23:59:59.999Z 28/Feb/2026:23:59:59 +0000\n",
    );
  });
});

describe("numbers", () => {
  test.each([
    [0, "0"],
    [9, "9"],
    [10, "10"],
    [99, "99"],
    [100, "100"],
    [65_535, "65535"],
    [1_000_000_000, "1000000000"],
    [2_147_483_647, "2147483647"],
    [2_147_483_648, "2147483648"],
    [Number.MAX_SAFE_INTEGER, "9007199254740991"],
  ])("%p bytes", (n, wanted) => {
    expect(text("{response_body_bytes}", record({ responseBodyBytes: n }))).toBe(`${wanted}\n`);
  });

  test.each([
    [0, "0.000"],
    [0.0004, "0.000"],
    [0.0005, "0.001"],
    [0.9996, "1.000"],
    [1.0625, "1.063"],
    [999.9999, "1000.000"],
    [604_800_000.5, "604800000.500"],
    [9_000_000_000, "9000000000.000"],
    [Number.NaN, "-"],
  ])("%p ms", (ms, wanted) => {
    expect(text("{duration_ms}", record({ duration: ms }))).toBe(`${wanted}\n`);
  });
});

describe("escapes", () => {
  const EVIL = 'a"b\\c\r\nd\x00e\x1b[2Jf\x7fg\xe9h\xff';

  test("in text, as bytes in hex: a peer can end neither a value nor a line", () => {
    expect(text('"{path}"', record({ path: EVIL }))).toBe('"a\\x22b\\x5Cc\\x0D\\x0Ad\\x00e\\x1B[2Jf\\x7Fg\\xE9h\\xFF"\n');
  });

  test("in JSON, so that each byte comes back as the char of its number", () => {
    expect(json(["path"], record({ path: EVIL }))).toEqual({ path: EVIL });
    const line = lineOf({ kind: "json", fields: ["path"] }, record({ path: EVIL }));
    expect(line).toMatch(/^[\x20-\x7e]*\n$/);
  });

  test("every byte, both ways, between neighbours", () => {
    for (let c = 0; c < 256; c++) {
      const s = `x${String.fromCharCode(c)}y`;
      expect(json(["method"], record({ method: s }))).toEqual({ method: s });
      const back = text("{method}", record({ method: s })).replace(/\\x(..)/g, (_, h) =>
        String.fromCharCode(Number.parseInt(h, 16)),
      );
      expect(back).toBe(`${s}\n`);
    }
  });

  test("config names are text and not bytes", () => {
    const r = record({ route: "caf\u00e9 \u2192" });
    expect(text("{route}", r)).toBe("caf\\xC3\\xA9 \\xE2\\x86\\x92\n");
    expect(json(["route"], r)).toEqual({ route: "caf\u00e9 \u2192" });
  });

  test("the template's own text stands as it is", () => {
    expect(text('\u2192 {{"{method}"}}\t\\')).toBe('\u2192 {"GET"}\t\\\n');
  });
});

describe("room", () => {
  test("a line is written whole or not at all", () => {
    const { format } = compileAccessFormat({ kind: "text", template: DEFAULT_TEXT_TEMPLATE });
    const r = record({ path: "/\x00".repeat(50) }, { "user-agent": "é".repeat(40), referer: "r" });
    const whole = new Uint8Array(4096);
    const length = format!.write(r, whole, 0);
    let fits = -1;
    for (let size = 0; size <= 4096 && fits < 0; size += 7) {
      const b = new Uint8Array(size);
      const to = format!.write(r, b, 0);
      if (to < 0) continue;
      fits = size;
      expect(to).toBe(length);
      expect(b.subarray(0, to)).toEqual(whole.subarray(0, length));
    }
    expect(fits).toBeGreaterThanOrEqual(length);
    expect(format!.write(r, whole, 4090)).toBe(-1);
  });

  test("a line goes where it is wanted and touches nothing else", () => {
    const { format } = compileAccessFormat({ kind: "text", template: "{method}" });
    const b = new Uint8Array(256).fill(46);
    expect(format!.write(record(), b, 100)).toBe(104);
    expect(b.findIndex((c) => c !== 46)).toBe(100);
    expect(b.findLastIndex((c) => c !== 46)).toBe(103);
  });
});

describe("defaults", () => {
  test("text is the combined format with more behind it", () => {
    const r = record({}, { "user-agent": "curl/8", referer: "http://a/" });
    expect(text(DEFAULT_TEXT_TEMPLATE, r)).toBe(
      '198.51.100.7 - - [31/Jan/2026:23:59:59 +0000] "GET /cart?item=1 HTTP/1.1" 200 130 "http://a/" "curl/8" ' +
        "shop.example.com 11 12.346 10.000 web checkout checkout-v1 10.0.0.11:8080 2 UF id-1\n",
    );
  });

  test("JSON has its fields in their order", () => {
    expect(Object.keys(json(DEFAULT_JSON_FIELDS) as object)).toEqual([...DEFAULT_JSON_FIELDS]);
    expect(json([])).toEqual({});
  });
});

describe("problems", () => {
  test("come all at once, with a hint for near misses", () => {
    const { format, problems } = compileAccessFormat({ kind: "text", template: "{metod} {path} {nonsense}" });
    expect(format).toBeNull();
    expect(problems.map((p) => [p.at, p.length, p.hint])).toEqual([
      [0, 7, 'did you mean "method"?'],
      [15, 10, ""],
    ]);
  });

  test("of a JSON list", () => {
    const { problems } = compileAccessFormat({
      kind: "json",
      fields: ["status", "staus", "request.header.", "request.header.a b"],
    });
    expect(problems.map((p) => p.hint)).toEqual(['did you mean "status"?', "", ""]);
    expect(problems[0]!.message).toStartWith('use a field of the access log: found "staus", wanted one of time, ');
  });
});
