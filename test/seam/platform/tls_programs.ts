import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Identity } from "../../support/certificates.ts";

/** A program of its own as the far side, with what it says. */
export class Program {
  readonly #child: ChildProcessWithoutNullStreams;
  out = "";
  err = "";
  code: number | null = null;
  #ended = false;
  #waiters: { ready: () => boolean; resolve: () => void }[] = [];

  constructor(command: string, args: readonly string[]) {
    const child = spawn(command, args, { stdio: "pipe" });
    this.#child = child;
    child.stdin.on("error", () => {});
    child.stdout.setEncoding("latin1").on("data", (s: string) => {
      this.out += s;
      this.#wake();
    });
    child.stderr.setEncoding("latin1").on("data", (s: string) => {
      this.err += s;
      this.#wake();
    });
    child.on("error", (e) => {
      this.err += e.message;
    });
    child.on("close", (code) => {
      this.code = code;
      this.#ended = true;
      this.#wake();
    });
  }

  say(text: string): void {
    this.#child.stdin.write(text);
  }
  endInput(): void {
    this.#child.stdin.end();
  }
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Resolves when the output has `text`; throws when the program ends without it. */
  async says(text: string | RegExp): Promise<RegExpExecArray> {
    const wanted = typeof text === "string" ? new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")) : text;
    await this.#until(() => this.#ended || wanted.test(this.out));
    const found = wanted.exec(this.out);
    if (found === null) throw new Error(`the program ended with ${this.code} and without ${wanted}: ${this.out}\n${this.err}`);
    return found;
  }

  async ended(): Promise<void> {
    await this.#until(() => this.#ended);
  }

  #until(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ ready, resolve });
    });
  }

  #wake(): void {
    const waiting = this.#waiters;
    this.#waiters = [];
    for (const w of waiting) {
      if (w.ready()) w.resolve();
      else this.#waiters.push(w);
    }
  }
}

/** A folder with PEM files for programs; `run` gets it, and it is gone afterwards. */
export async function withFiles<T>(run: (dir: Files) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "weir-tls-"));
  try {
    return await run(new Files(dir));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export class Files {
  readonly #dir: string;
  constructor(dir: string) {
    this.#dir = dir;
  }
  path(name: string): string {
    return join(this.#dir, name);
  }
  /** Options of `openssl s_client` and `s_server` for a certificate with its key. */
  identity(i: Identity): string[] {
    const name = String(i.cert.length + i.key.charCodeAt(60) * 7919 + i.key.charCodeAt(61));
    writeFileSync(this.path(`${name}.cert`), i.cert);
    writeFileSync(this.path(`${name}.chain`), i.chain.slice(i.cert.length));
    writeFileSync(this.path(`${name}.key`), i.key);
    return ["-cert", this.path(`${name}.cert`), "-key", this.path(`${name}.key`), "-cert_chain", this.path(`${name}.chain`)];
  }
  authority(i: Identity): string[] {
    writeFileSync(this.path("ca.pem"), i.cert);
    return ["-CAfile", this.path("ca.pem")];
  }
}

/** `openssl s_client`; it sends what it is told to say, and says what it receives. */
export function sClient(port: number, args: readonly string[]): Program {
  return new Program("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, "-quiet", "-no_ign_eof", ...args]);
}

/** Node with a script; `args` is `a` in it. */
export function node(script: string, args: object): Program {
  return new Program("node", [
    "-e",
    `const a = JSON.parse(process.argv[1]), tls = require("tls"), net = require("net");${script}`,
    JSON.stringify(args),
  ]);
}
