import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { encodeLatin1, latin1 } from "../base/bytes.ts";
import type { Conn, ConnHandler, HeldListener, Listener, Platform, UnixAddress } from "../platform/types.ts";
import type { ControlAnswer } from "./status.ts";

/** What can be asked of a running weir. */
export type ControlCommand = "reload" | "upgrade" | "drain" | "stop" | "status" | "certs";
const COMMANDS: ReadonlySet<string> = new Set(["reload", "upgrade", "drain", "stop", "status", "certs"]);

export interface ControlRequest {
  readonly command: ControlCommand;
  /** Of `upgrade`: the program's absolute path; absent: the one that runs, as it is on disk now. */
  readonly binary?: string;
  /** Of `upgrade`: milliseconds that the new process has. */
  readonly timeoutMs?: number;
}

export type Control = (request: ControlRequest) => Promise<ControlAnswer>;

/** Bytes of a request line: a command has a few dozen. */
const LINE_BYTES = 4096;
const SOCKET_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/**
 * The control socket: a unix socket of mode 0600, one JSON object a line each way, `{"command":"status"}`. Who may open it may command:
 * the file's mode lets only its owner, and the peer's user is checked where the system tells it.
 */
export async function serveControl(platform: Platform, at: UnixAddress | HeldListener, control: Control): Promise<Listener> {
  if ("kind" in at) checkDirectory(dirname(at.path));
  return await platform.listen(at, { mode: SOCKET_MODE }, (conn) => new ControlConn(platform, conn, control));
}

function checkDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
  const own = process.getuid?.() ?? null;
  const { uid } = statSync(directory);
  // In a directory of somebody else's they could put a socket of theirs in this one's place.
  if (own !== null && own !== 0 && uid !== own && uid !== 0)
    throw new Error(`the directory "${directory}" belongs to another user`);
}

class ControlConn implements ConnHandler {
  readonly #conn: Conn;
  readonly #control: Control;
  readonly #refused: boolean;
  #text = "";

  constructor(platform: Platform, conn: Conn, control: Control) {
    this.#conn = conn;
    this.#control = control;
    const user = platform.os?.peerUser(conn) ?? null;
    const own = process.getuid?.() ?? null;
    this.#refused = user !== null && own !== null && user !== own && user !== 0;
  }

  onData(b: Uint8Array): void {
    this.#text += latin1(b, 0, b.length);
    if (this.#refused) {
      this.#answer({ ok: false, message: "refused: the control socket belongs to another user", data: null });
      return;
    }
    const end = this.#text.indexOf("\n");
    if (end >= 0) void this.#run(this.#text.slice(0, end));
    else if (this.#text.length > LINE_BYTES) this.#conn.destroy(null);
  }

  onDrain(): void {}
  onEnd(): void {}
  onClose(): void {}

  async #run(line: string): Promise<void> {
    this.#text = "";
    const request = requestIn(line);
    if (request === null) {
      this.#answer({
        ok: false,
        message: `not a command: ${JSON.stringify(line)}; known are ${[...COMMANDS].join(", ")}`,
        data: null,
      });
      return;
    }
    try {
      this.#answer(await this.#control(request));
    } catch (e) {
      this.#answer({ ok: false, message: e instanceof Error ? e.message : String(e), data: null });
    }
  }

  #answer(a: ControlAnswer): void {
    // JSON text of ASCII only: what a config names may be in any script.
    const text = JSON.stringify(a).replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
    this.#conn.write([encodeLatin1(`${text}\n`)]);
    this.#conn.end();
  }
}

function requestIn(line: string): ControlRequest | null {
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed !== "object" || parsed === null) return null;
    const { command, binary, timeoutMs } = parsed as Record<string, unknown>;
    if (typeof command !== "string" || !COMMANDS.has(command)) return null;
    return {
      command: command as ControlCommand,
      ...(typeof binary === "string" ? { binary } : {}),
      ...(typeof timeoutMs === "number" ? { timeoutMs } : {}),
    };
  } catch {
    return null;
  }
}

/** Asks a running weir; null when none answers at that path. */
export function askControl(platform: Platform, path: string, request: ControlRequest): Promise<ControlAnswer | null> {
  return new Promise((resolve) => {
    let text = "";
    platform.dial(
      { kind: "unix", path },
      {},
      {
        onOpen(c: Conn): void {
          c.write([encodeLatin1(`${JSON.stringify(request)}\n`)]);
        },
        onData(b: Uint8Array): void {
          text += latin1(b, 0, b.length);
        },
        onDrain(): void {},
        onEnd(): void {
          resolve(answerOf(text));
        },
        onClose(): void {
          resolve(answerOf(text));
        },
      },
    );
  });
}

function answerOf(text: string): ControlAnswer | null {
  try {
    return JSON.parse(text) as ControlAnswer;
  } catch {
    return null;
  }
}
