import { findFfi } from "../../src/platform/ffi.ts";
import { AF_UNIX, encodeSocketAddress } from "../../src/platform/socket_address.ts";
import { until } from "./deadline.ts";

interface Calls {
  socket(family: number, kind: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, size: number): number;
  recv(fd: number, into: Uint8Array, size: number, flags: number): bigint;
  close(fd: number): number;
}

const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;
const libc = findFfi()!.open("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], result: "i32" },
  bind: { args: ["i32", "bytes", "u32"], result: "i32" },
  recv: { args: ["i32", "bytes", "usize", "i32"], result: "i64" },
  close: { args: ["i32"], result: "i32" },
}) as Calls;

/** The datagram socket on which a service manager hears its services. */
export class NotifySocket {
  /** As NOTIFY_SOCKET has it: a path, or an abstract name that begins with `@`. */
  readonly name: string;
  readonly #fd: number;
  readonly #buffer = new Uint8Array(4096);
  #messages: string[][] = [];
  // The kernel keeps ten messages or so.
  readonly #reader = setInterval(() => void this.messages, 5);
  #deaf = false;

  constructor(name: string) {
    this.name = name;
    this.#fd = libc.socket(AF_UNIX, SOCK_DGRAM, 0);
    const { bytes } = encodeSocketAddress({ kind: "unix", path: name.replace(/^@/, "\0") });
    if (this.#fd < 0 || libc.bind(this.#fd, bytes, bytes.length) !== 0) throw new Error(`can't bind ${name}`);
  }

  /** All messages so far, as lines, the oldest first. */
  get messages(): readonly (readonly string[])[] {
    for (;;) {
      if (this.#deaf) return this.#messages;
      const got = Number(libc.recv(this.#fd, this.#buffer, this.#buffer.length, MSG_DONTWAIT));
      if (got <= 0) return this.#messages;
      this.#messages.push(new TextDecoder().decode(this.#buffer.subarray(0, got)).split("\n"));
    }
  }

  /** Waits for a message with a line that fits, after the first `from` messages; gives that line. */
  async said(pattern: RegExp, from = 0, ms = 10_000): Promise<string> {
    const find = (): string | undefined =>
      this.messages
        .slice(from)
        .flat()
        .find((l) => pattern.test(l));
    await until(`the service manager to hear ${pattern}`, () => find() !== undefined, ms).catch((e: unknown) => {
      throw new Error(`${(e as Error).message}; heard: ${JSON.stringify(this.#messages)}`);
    });
    return find()!;
  }

  /** Reads nothing while `f` runs. */
  async deaf<T>(f: () => Promise<T>): Promise<T> {
    this.#deaf = true;
    try {
      return await f();
    } finally {
      this.#deaf = false;
    }
  }

  /** All lines of a name, such as `MAINPID`. */
  values(name: string): string[] {
    return this.messages
      .flat()
      .filter((l) => l.startsWith(`${name}=`))
      .map((l) => l.slice(name.length + 1));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#reader);
    libc.close(this.#fd);
  }
}
