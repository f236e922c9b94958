import type { ProxyError } from "../base/error.ts";
import { hostTimer } from "./host_services.ts";
import { errnoName, type LinuxLibc } from "./linux_libc.ts";
import { SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM, SOL_SOCKET, setTransparent } from "./raw_listener.ts";
import { encodeSocketAddress } from "./socket_address.ts";
import { dialFault, handlerFault } from "./system_fault.ts";
import type { AdoptOptions, Conn, ConnHandler, DialHandler, DialOptions, TcpAddress, Timer } from "./types.ts";

const SO_MARK = 36;
const SO_ERROR = 4;
const IPPROTO_IP = 0;
const IP_BIND_ADDRESS_NO_PORT = 24;
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const TCP_ESTABLISHED = 1;
const TCP_SYN_SENT = 2;
const TCP_SYN_RECEIVED = 3;
const EINPROGRESS = 115;
/** Between two looks at a handshake under way, in milliseconds: the first ones come at once, for a host near by has answered by then. */
const FIRST_LOOK_MS = 0;
const LAST_LOOK_MS = 20;

/** What a dial needs of its platform. */
export interface RawDialEnv {
  /** Null: not Linux. */
  readonly libc: LinuxLibc | null;
  readonly onFault: (e: unknown) => void;
  adopt(fd: number, o: AdoptOptions, open: (c: Conn) => ConnHandler): Conn;
}

/** Whether the runtime's own dial can't do it. */
export function needsRawDial(o: DialOptions): boolean {
  return o.transparent === true || o.mark !== undefined;
}

/**
 * A dial whose socket has options that must be set before it connects. No runtime waits for a handshake on a socket that it is given: Bun
 * takes it for open at once. So the handshake is looked at from here, and the runtime gets what is connected.
 */
export class RawDial {
  readonly #libc: LinuxLibc | null;
  readonly #env: RawDialEnv;
  readonly #to: TcpAddress;
  readonly #o: DialOptions;
  readonly #handler: DialHandler;
  #fd = -1;
  #wait = FIRST_LOOK_MS;
  #timer: Timer | null = null;

  constructor(env: RawDialEnv, to: TcpAddress, o: DialOptions, h: DialHandler) {
    const libc = env.libc;
    this.#libc = libc;
    this.#env = env;
    this.#to = to;
    this.#o = o;
    this.#handler = h;
    const failed = libc === null || o.tls !== undefined ? this.#refused() : this.#start(libc);
    this.#timer = failed === null ? this.#later() : hostTimer(0, () => this.#fail(failed), true);
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#fd >= 0) this.#libc?.c.close(this.#fd);
    this.#fd = -1;
  }

  #refused(): ProxyError {
    return dialFault(this.#to, new Error("a mark or a source of its own that this platform can't give, or not under TLS"));
  }

  /** Null: the handshake is under way. */
  #start(libc: LinuxLibc): ProxyError | null {
    try {
      const to = encodeSocketAddress(this.#to);
      this.#fd = libc.c.socket(to.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      if (this.#fd < 0) return this.#fault(libc.errno);
      const { mark, transparent, source } = this.#o;
      if (mark !== undefined && libc.setInt(this.#fd, SOL_SOCKET, SO_MARK, mark) !== 0) return this.#fault(libc.errno);
      if (transparent === true && setTransparent(libc, this.#fd, to.family) !== 0) return this.#fault(libc.errno);
      if (source !== undefined) {
        // The port is chosen when the destination is known: one source can have many connections.
        libc.setInt(this.#fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
        const from = encodeSocketAddress({ kind: "tcp", host: source, port: 0 });
        if (libc.c.bind(this.#fd, from.bytes, from.bytes.length) !== 0) return this.#fault(libc.errno);
      }
      if (libc.c.connect(this.#fd, to.bytes, to.bytes.length) === 0) return null;
      const e = libc.errno;
      return e === EINPROGRESS ? null : this.#fault(e);
    } catch (e) {
      return dialFault(this.#to, e);
    }
  }

  #later(): Timer {
    const timer = hostTimer(this.#wait, () => this.#look(), true);
    this.#wait = Math.min(LAST_LOOK_MS, this.#wait * 2 + 1);
    return timer;
  }

  #look(): void {
    const libc = this.#libc!;
    const info = new Uint8Array(1);
    const known = libc.c.getsockopt(this.#fd, IPPROTO_TCP, TCP_INFO, info, Uint8Array.of(1, 0, 0, 0)) === 0;
    if (known && (info[0] === TCP_SYN_SENT || info[0] === TCP_SYN_RECEIVED)) {
      this.#timer = this.#later();
      return;
    }
    const e = libc.getInt(this.#fd, SOL_SOCKET, SO_ERROR) ?? 0;
    if (e !== 0 || info[0] !== TCP_ESTABLISHED) this.#fail(this.#fault(e));
    else this.#open();
  }

  #open(): void {
    const fd = this.#fd;
    this.#fd = -1;
    this.#timer = null;
    let c: Conn;
    try {
      c = this.#env.adopt(fd, { accepted: false, keepAlive: this.#o.keepAlive ?? null }, () => this.#handler);
    } catch (e) {
      this.#handler.onClose(dialFault(this.#to, e));
      return;
    }
    const { first } = this.#o;
    try {
      if (first !== undefined) c.write([first]);
      this.#handler.onOpen(c);
    } catch (e) {
      this.#env.onFault(e);
      c.destroy(handlerFault(e));
    }
  }

  #fault(errno: number): ProxyError {
    return dialFault(this.#to, { code: errno === 0 ? "ECONNRESET" : errnoName(errno) });
  }

  #fail(e: ProxyError): void {
    this.cancel();
    this.#handler.onClose(e);
  }
}
