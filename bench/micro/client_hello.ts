import { readClientHello } from "../../src/tls/hello/client_hello.ts";
import { canVerify } from "../../src/tls/key_fit.ts";
import { measure } from "./measure.ts";

// What it costs to read the hello that each connection over TLS begins with, and to choose a certificate by it. Nanoseconds a hello.
//   node_modules/.bin/bun bench/micro/client_hello.ts
//   node_modules/.bin/deno run -A --no-check bench/micro/client_hello.ts

const CALLS = 20_000;
const RANGE = { minVersion: "1.2", maxVersion: "1.3" } as const;

/** As OpenSSL 3 sends it for TLS 1.3, X25519 and one suite. */
const SHORT = hello([
  [0, list([0, ...u16(10), ...text("bench.test")])],
  [11, [3, 0, 1, 2]],
  [10, list(u16(29))],
  [16, list([8, ...text("http/1.1")])],
  [22, []],
  [23, []],
  [13, list([0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806].flatMap(u16))],
  [43, [2, ...u16(0x0304)]],
  [45, [1, 1]],
  [51, list([...u16(29), ...u16(32), ...new Array<number>(32).fill(7)])],
]);
/** The extensions of a browser, a post-quantum key share among them. */
const LONG = hello([
  [0x1a1a, []],
  [0, list([0, ...u16(20), ...text("www.shop.example.com")])],
  [23, []],
  [65281, [0]],
  [10, list([0x2a2a, 4588, 29, 23, 24].flatMap(u16))],
  [11, [1, 0]],
  [35, []],
  [16, list([2, ...text("h2"), 8, ...text("http/1.1")])],
  [5, [1, 0, 0, 0, 0]],
  [13, list([0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601].flatMap(u16))],
  [18, []],
  [
    51,
    list([
      ...u16(4588),
      ...u16(1216),
      ...new Array<number>(1216).fill(7),
      ...u16(29),
      ...u16(32),
      ...new Array<number>(32).fill(7),
    ]),
  ],
  [45, [1, 1]],
  [43, [6, ...u16(0x3a3a), ...u16(0x0304), ...u16(0x0303)]],
  [27, [2, 0, 2]],
  [17613, list([2, ...text("h2")])],
  [0x4a4a, [0]],
]);

measure("hello of a tool, 10 extensions", CALLS, () => read(SHORT));
measure("hello of a browser, 17 extensions", CALLS, () => read(LONG));

function read(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < CALLS; i++) {
    const answer = readClientHello(bytes);
    if (answer.kind !== "hello") throw new Error(answer.kind);
    sum += answer.cipherSuites.length + (canVerify(answer, "p256", RANGE) ? 1 : 0);
  }
  return sum;
}

function hello(extensions: readonly (readonly [number, readonly number[]])[]): Uint8Array {
  const suites = list([0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8].flatMap(u16));
  const body = [...u16(0x0303), ...new Array<number>(32).fill(1), 32, ...new Array<number>(32).fill(2), ...suites, 1, 0];
  body.push(...list(extensions.flatMap(([type, content]) => [...u16(type), ...list(content)])));
  const message = [1, 0, ...list(body)];
  return Uint8Array.from([22, 3, 1, ...list(message)]);
}

/** Behind its length in two bytes. */
function list(content: readonly number[]): number[] {
  return [...u16(content.length), ...content];
}

function u16(n: number): number[] {
  return [n >> 8, n & 255];
}

function text(s: string): number[] {
  return [...s].map((c) => c.charCodeAt(0));
}
