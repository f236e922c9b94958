import { encodeLatin1 } from "../../base/bytes.ts";
import type { Conn, LinuxCalls, Listener, Platform } from "../../platform/types.ts";
import { type HeldSocket, nameOf } from "../sockets/held_socket.ts";

/** What a new weir can ask an orphan for, a byte each. */
export const ORPHAN_TAKE = 1;
export const ORPHAN_DRAIN = 2;
/** Descriptors of one message: what `LinuxCalls.sendDescriptors` takes. */
const A_MESSAGE = 64;
const SOCKET_MODE = 0o600;

/** Where the orphan with this number listens, beside the control socket of its weir. */
export function orphanPath(controlPath: string, pid: number): string {
  return `${orphanPrefix(controlPath)}${pid}`;
}

export function orphanPrefix(controlPath: string): string {
  return `${controlPath}.orphan-`;
}

export interface OrphanPostHost {
  readonly platform: Platform;
  readonly linux: LinuxCalls;
  readonly path: string;
  sockets(): readonly HeldSocket[];
  /** Somebody else serves. */
  drain(): void;
}

/**
 * Where a worker without a supervisor gives its listening sockets to a new weir. Descriptors can't be read by the runtimes' own sockets:
 * the asking side gives its end up (`Conn.detach`) before it asks, and this side before it answers.
 */
export function openOrphanPost(host: OrphanPostHost): Promise<Listener> {
  return host.platform.listen({ kind: "unix", path: host.path }, { mode: SOCKET_MODE }, (conn) => ({
    onData: (b) => {
      if (b[0] === ORPHAN_DRAIN) {
        conn.destroy(null);
        host.drain();
      } else give(host, conn);
    },
    onDrain() {},
    onEnd: () => conn.destroy(null),
    onClose() {},
  }));
}

function give({ linux, sockets }: OrphanPostHost, conn: Conn): void {
  const end = conn.detach();
  if (end === null) {
    conn.destroy(null);
    return;
  }
  const all = sockets();
  for (let at = 0; at < all.length; at += A_MESSAGE) {
    const some = all.slice(at, at + A_MESSAGE);
    const names = some.map(nameOf);
    const tag = encodeLatin1(escapeText(JSON.stringify({ sockets: names, left: all.length - at - some.length })));
    if (
      !linux.sendDescriptors(
        end.fd,
        some.map((s) => s.fd),
        tag,
      )
    )
      break;
  }
  linux.closeDescriptor(end.fd);
}

/** ASCII, so that it is the same in every reading of bytes. */
function escapeText(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
