// What keys of requests cost: `bun bench/micro/hash_keys.ts`, `deno run -A --no-check bench/micro/hash_keys.ts`.
import { encodeLatin1 } from "../../src/base/bytes.ts";
import { xxHash32 } from "../../src/base/xxhash32.ts";
import type { HashKeySpec } from "../../src/config/traffic_model.ts";
import { RouteKeys } from "../../src/exchange/route_keys.ts";
import { Fields } from "../../src/http/fields.ts";
import { knownIdOf } from "../../src/http/names.ts";
import { measure } from "./measure.ts";

const N = 100_000;
const USERS = Array.from({ length: 256 }, (_, i) => `user-${1000 + i}`);
const COOKIES = Array.from({ length: 256 }, () => `theme=dark; sid=${crypto.randomUUID()}; lang=de`);

/** A head as a codec leaves it: its fields are bytes. */
function received(lines: readonly (readonly [string, string])[]): Fields {
  let text = "";
  const spans: number[] = [];
  let mask = 0;
  for (const [name, value] of lines) {
    const id = Math.max(0, knownIdOf(name));
    const at = text.length;
    spans.push(at, at + name.length, at + name.length + 2, at + name.length + 2 + value.length, id);
    text += `${name}: ${value}\r\n`;
    mask |= 1 << id;
  }
  return new Fields(encodeLatin1(text), spans, mask);
}

const requests = USERS.map((user, i) => ({
  head: {
    protocol: "HTTP/1.1",
    method: "GET",
    scheme: "http",
    authority: "shop.example",
    path: `/items/${i}?user=${user}`,
    pathFlags: 0,
    fields: received([
      ["user-agent", "bench"],
      ["accept", "*/*"],
      ["x-user", user],
      ["cookie", COOKIES[i]!],
    ]),
    contentLength: 0,
    upgrade: "",
    expectContinue: false,
    native: null,
    oneWay: false,
  },
  clientAddress: `192.0.2.${i}`,
}));

measure("xxHash32 of 9 chars", N, () => {
  let sum = 0;
  for (let i = 0; i < N; i++) sum += xxHash32(USERS[i & 255]!, 0) & 1;
  return sum;
});
measure("xxHash32 of 60 chars", N, () => {
  let sum = 0;
  for (let i = 0; i < N; i++) sum += xxHash32(COOKIES[i & 255]!, 0) & 1;
  return sum;
});
for (const [name, key] of [
  ["a header", { kind: "header", name: "x-user" }],
  ["a query parameter", { kind: "query", name: "user" }],
  ["a cookie", { kind: "cookie", name: "sid", mint: null }],
  ["the source", { kind: "source" }],
  ["the path", { kind: "path" }],
] as const satisfies readonly (readonly [string, HashKeySpec])[]) {
  const keys = new RouteKeys(
    [{ weight: 1, subset: null, balance: { kind: "maglev", tableSize: 65_537, on: [key], slowStart: null } }],
    null,
    null,
    null,
  );
  measure(`keys of a request: ${name}`, N, () => {
    let sum = 0;
    for (let i = 0; i < N; i++) sum += keys.open(requests[i & 255]!).hash & 1;
    return sum;
  });
}
