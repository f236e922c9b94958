import type { Address, TcpAddress } from "../base/address.ts";
import type { ProxyError } from "../base/error.ts";
import type { Tlv } from "../base/tlv.ts";
import type { FileTree } from "./file_types.ts";
import type { LinuxCalls } from "./linux_types.ts";
import type { Processes } from "./process_types.ts";
import type { HeldUdp, UdpHandler, UdpOptions, UdpPort } from "./udp_types.ts";

export type { Address, TcpAddress, UnixAddress } from "../base/address.ts";
export type { FileRules, FileTree, FolderEntry, NoFile, OpenFile } from "./file_types.ts";
export type { LinuxCalls, MakeListenerOptions, ReceivedDescriptors, SharedMemory } from "./linux_types.ts";
export type {
  ChildStream,
  EndedChild,
  LauncherHost,
  Process,
  ProcessExit,
  Processes,
  ProcessHandler,
  ProcessSpec,
  SignalName,
} from "./process_types.ts";
export type { HeldUdp, UdpFault, UdpHandler, UdpOptions, UdpPeer, UdpPort, UdpSource } from "./udp_types.ts";

/** Facts of a connection, worked out when first read and kept for its life. */
export interface ConnInfo {
  readonly id: number;
  readonly local: Address;
  readonly remote: Address;
  /** A proxy in front told whom it speaks for, and is believed: `local` and `remote` are the ends of the connection that it took. Absent: the socket's own. */
  readonly proxied?: ProxiedInfo;
}

/** What a proxy in front told of a connection. */
export interface ProxiedInfo {
  /** The proxy's own end. */
  readonly peer: Address;
  readonly tlvs: readonly Tlv[];
}

/**
 * One byte stream. Push style: the adapter calls the handler, never after `onClose`, and never from inside
 * `write`, `end`, `pause`, `resume` or `setHandler` (those only queue). A throw in a handler destroys the connection.
 */
export interface Conn {
  /** The socket's own. The owner may put in its place what a proxy in front told, with the same id. */
  info: ConnInfo;
  /** Swaps who is called from now on: peek, then a codec, then a tunnel. */
  setHandler(h: ConnHandler): void;
  /**
   * Takes all parts and never drops; the parts belong to the connection from here on and must not be changed.
   * false: some are queued, wait for `onDrain` before the next write (a further write is queued behind).
   * `flushed` runs once when the last byte of these parts has left for the kernel, possibly before this returns; never after a close.
   */
  write(parts: readonly Uint8Array[], flushed?: () => void): boolean;
  /** Stops `onData` and `onEnd`; what has been received stays, without loss. RST and close may still be told. */
  pause(): void;
  resume(): void;
  /** Half-close: FIN after all that is queued; reading goes on. */
  end(): void;
  /** RST: what is queued is dropped. */
  reset(): void;
  /** Closes at once both ways; `onClose(cause)` follows on a later turn. Queued bytes may be lost: `end` first for a clean close. */
  destroy(cause: ProxyError | null): void;
  /** Bytes taken by `write` and not yet handed to the kernel. */
  readonly queued: number;
  /**
   * Accepted connections: begins the server's side of a TLS handshake, once. `head` is what the handler was given and did not
   * use up: a ClientHello or its beginning. The handler gets `onSecure`, then plain bytes; a `write` before that is queued.
   * A failed handshake is `onClose` with `tlsHandshake`. There is no time limit here: the owner has one.
   */
  secure(ctx: TlsServerContext, head: Uint8Array): void;
  /**
   * Gives the connection up to whoever gets the descriptor, this process or another (`Platform.adopt`): the peer sees nothing. `unread`
   * is what was received and not told. `onClose(null)` follows on a later turn, as after `destroy`. Null, and nothing has happened:
   * with TLS, with bytes queued, after `end` or a close, or where it can't be had.
   */
  detach(): Detached | null;
  /** Null before `onSecure` (for a dial: before `onOpen`) and on plain connections. */
  readonly tls: TlsInfo | null;
}

/** A connection that is nobody's yet: the descriptor has to be adopted, passed on or closed. It is close-on-exec. */
export interface Detached {
  readonly fd: number;
  readonly unread: Uint8Array;
}

export interface ConnHandler {
  /** The chunk belongs to the handler: it has memory of its own and is never reused by the adapter. */
  onData(b: Uint8Array): void;
  /** All queued bytes have been handed to the kernel after a `write` that returned false. */
  onDrain(): void;
  /** The peer's FIN; writing still works. */
  onEnd(): void;
  /** The last call: both directions are gone. `cause` is null after an orderly close. */
  onClose(cause: ProxyError | null): void;
  /** After `Conn.secure`: the handshake is done and the peer is who the context asks for. */
  onSecure?(info: TlsInfo): void;
}

/** A dial's handler also hears of the connection's opening, with TLS after a good handshake. A failed dial is `onClose` without `onOpen`. */
export interface DialHandler extends ConnHandler {
  onOpen(c: Conn): void;
}

export interface KeepAlive {
  /** Idle milliseconds before the first probe. */
  readonly idleMs: number;
}

export interface ListenOptions {
  /** Accept queue length; the adapter asks the kernel for its own maximum (somaxconn) when absent. */
  readonly backlog?: number;
  /** SO_REUSEPORT: several processes share the address. */
  readonly reusePort?: boolean;
  /** Only IPv6 when listening on an IPv6 address. */
  readonly ipv6Only?: boolean;
  /** TCP keepalive of accepted connections; null or absent: off. */
  readonly keepAlive?: KeepAlive | null;
  /** File mode of a unix socket, such as 0o600. */
  readonly mode?: number;
  /** Told of accept failures (EMFILE and the like); accepting goes on afterwards, paced by the adapter so that it never spins. */
  readonly onError?: (e: ProxyError) => void;
  /** Linux, TCP: takes connections to any address that the firewall gives (TPROXY), which then is `info.local`. It takes CAP_NET_ADMIN. */
  readonly transparent?: boolean;
  /** Connections of this listener may be asked to `secure`: an adapter may carry them otherwise. */
  readonly mayBeSecured?: boolean;
}

export interface DialOptions {
  readonly keepAlive?: KeepAlive | null;
  /** Source address (an IP literal) of the connection. */
  readonly source?: string;
  /** Linux, without TLS: `source` need not be this host's (IP_TRANSPARENT). It takes CAP_NET_ADMIN and routes that bring the replies here. */
  readonly transparent?: boolean;
  /** Linux, without TLS: for routing and firewalls (SO_MARK). It takes CAP_NET_ADMIN. */
  readonly mark?: number;
  /** Sent before all else, TLS too: a PROXY header. At most 16 KiB, which a new socket takes at once. */
  readonly first?: Uint8Array;
  /** A TLS client. A failed handshake is `onClose` with `tlsHandshake`; there is no time limit here: the owner cancels. */
  readonly tls?: DialTls;
}

export interface DialTls {
  readonly context: TlsClientContext;
  /**
   * The name that is asked for (SNI) and that the certificate must have, unless the context's `verifyPeer` decides.
   * An IP literal is checked and not sent (RFC 6066 section 3); "": none is sent, and the dialed IP address is checked.
   */
  readonly serverName: string;
}

export type TlsVersion = "1.2" | "1.3";

/** What both sides of TLS are told. Lists are OpenSSL's; null: the runtime's own. A list that the runtime can't keep is refused. */
export interface TlsCommonOptions {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** TLS 1.2 cipher suites. */
  readonly ciphers: string | null;
  readonly curves: string | null;
  /** Protocols in the order of preference; empty: none. A server refuses a client that offers others only (RFC 7301 section 3.2). */
  readonly alpn: readonly string[];
  /**
   * Judges the peer's certificates (DER, leaf first): null is good, else the reason. A server calls it on every connection of a
   * context that asks for certificates and was given one, resumed ones included; a client on every connection, after the
   * runtime has checked the chain. It then also stands for the runtime's check of the name.
   */
  readonly verifyPeer: ((chain: readonly Uint8Array[]) => string | null) | null;
}

/** One certificate with its key, and what is asked of clients. Immutable; made once for each version of a certificate and policy. */
export interface TlsServerOptions extends TlsCommonOptions {
  /** PEM, the leaf first. */
  readonly cert: string;
  /** PEM, not encrypted. */
  readonly key: string;
  /** `request`: a client may come without a certificate; one that is given has to be good. */
  readonly clientAuth: "none" | "request" | "require";
  /** Who signs clients' certificates, PEM. */
  readonly clientCa: string | null;
}

export interface TlsClientOptions extends TlsCommonOptions {
  /** PEM; null: the system's or the runtime's roots. */
  readonly ca: string | null;
  /** The client's own certificate with its key, PEM; null: none. */
  readonly cert: string | null;
  readonly key: string | null;
  /** Neither chain nor name are checked by the runtime; `verifyPeer` still is called. */
  readonly insecureSkipVerify: boolean;
}

/** Made by `PlatformTls` and of use to its own platform alone. */
export interface TlsServerContext {
  readonly options: TlsServerOptions;
}
export interface TlsClientContext {
  readonly options: TlsClientOptions;
}

/** What a handshake came to. A fact is worked out when it is first read, which has to be while the connection is open, and kept from then on. */
export interface TlsInfo {
  readonly version: TlsVersion;
  /** OpenSSL's name, such as `TLS_AES_128_GCM_SHA256`. */
  readonly cipher: string;
  /** The protocol that was agreed on; "": none. */
  readonly alpn: string;
  /** The name that the client asked for; "": none. */
  readonly serverName: string;
  /** Null: not known. */
  readonly resumed: boolean | null;
  /** The peer's certificates in DER, leaf first; empty: none. The authority that a runtime found above them may stand at the end. */
  readonly peerChain: readonly Uint8Array[];
}

export interface PlatformTls {
  /** Throws a ProxyError: a PEM that can't be read, a key that is another certificate's, or a demand that can't be kept here. */
  serverContext(o: TlsServerOptions): TlsServerContext;
  clientContext(o: TlsClientOptions): TlsClientContext;
  /** What can be had on this runtime. */
  readonly can: TlsAbilities;
}

export interface TlsAbilities {
  /** `ciphers` is kept. */
  readonly ciphers: boolean;
  /** `curves` is kept. */
  readonly curves: boolean;
  /** A stapled OCSP answer can be sent. */
  readonly ocsp: boolean;
  /** A client resumes its sessions. */
  readonly clientResumption: boolean;
  /** Clients are told the names of the authorities in `clientCa`, by which they choose among certificates. */
  readonly clientCaNames: boolean;
}

/**
 * A listening socket that is there already: inherited, passed on, or made by `LinuxCalls.makeListener`. The descriptor belongs to
 * the listener from the call on. Its backlog is set again; `reusePort`, `ipv6Only` and `mode` of the options have no meaning.
 */
export interface HeldListener {
  readonly fd: number;
  /** Absent: the kernel is asked. */
  readonly address?: Address;
  /** Whether closing removes a unix socket's file; false by default, for a successor may listen on the same socket. */
  readonly removesPath?: boolean;
}

export interface AdoptOptions {
  /** The peer is a client: `secure` may be asked for, and faults are the downstream's. */
  readonly accepted: boolean;
  /** Comes before what is read from the socket. */
  readonly unread?: Uint8Array;
  readonly keepAlive?: KeepAlive | null;
}

export interface Listener {
  /** The address in force, its port filled in. */
  readonly address: Address;
  /**
   * The listening socket's own descriptor, to be passed to a child or to another process, which duplicates it. It is the listener's: never
   * close it, and don't use it after `close`. Null: not known on this runtime.
   */
  readonly descriptor: number | null;
  /** Closing leaves a unix socket's file where it is, for a successor has the socket. */
  keepPath(): void;
  /** Stops accepting; connections live on. Resolves when the socket is closed (and a unix path unlinked). */
  close(): Promise<void>;
}

export interface Timer {
  cancel(): void;
}
export interface Closer {
  close(): void;
}

/** Where a service is to be had (RFC 2782). */
export interface SrvRecord {
  /** A name, without a dot at its end. */
  readonly target: string;
  readonly port: number;
  /** The lowest is the first choice. */
  readonly priority: number;
  /** 0 to 65535, among those of the same priority. */
  readonly weight: number;
  /** Seconds. */
  readonly ttl: number;
}

/** What a runtime must give. `memory.ts` is the fake with a manual clock; `node.ts` works on Bun, Deno and Node; `bun.ts` where Bun's own sockets are faster. */
export interface Platform {
  readonly name: "bun" | "deno" | "node" | "memory";
  /** Milliseconds on a monotonic clock, with fractions. */
  now(): number;
  /** Milliseconds since the epoch. */
  wallNow(): number;
  /** One shot; `ms` from now. A pending timer keeps the process alive only when `ref` is true. */
  setTimer(ms: number, f: () => void, ref?: boolean): Timer;
  /** Calls `f` when all events that were due have been told, before more is waited for. Null: one event is told at a time. */
  readonly afterTurn: ((f: () => void) => void) | null;
  /**
   * Rejects with a ProxyError: `addressInUse`, or `internal` with what the system said.
   * `accept` is called for each connection and returns its handler.
   */
  listen(at: Address | HeldListener, o: ListenOptions, accept: (c: Conn) => ConnHandler): Promise<Listener>;
  /**
   * A connection over a stream socket that is connected already: one end of a `socketPair`, or what another process detached. `open`
   * is called before this returns. The descriptor belongs to the connection from the call on, also when it throws: a ProxyError,
   * for what is no connected stream socket, and where it can't be had.
   */
  adopt(fd: number, o: AdoptOptions, open: (c: Conn) => ConnHandler): Conn;
  /** Host names are not resolved here: `to.host` is an IP literal. Errors: `connectRefused`, `connectFailed`, `noDescriptors`, `tlsHandshake`. `cancel` before onOpen: no more calls. */
  dial(to: Address, o: DialOptions, h: DialHandler): { cancel(): void };
  /**
   * A datagram port that is bound and not connected; `start` it. Rejects as `listen` does. Host "" is dual-stack, or IPv4 alone. A held
   * one has been bound by whoever made it: `reusePort` and `ipv6Only` have no meaning.
   */
  udp(at: TcpAddress | HeldUdp, o: UdpOptions, h: UdpHandler): Promise<UdpPort>;
  /**
   * A datagram port of one flow, connected to `to` and started; its system tells it of refusals, where the runtime passes that on. `source`:
   * the IP literal to send from, null for the system's choice. Throws a ProxyError: `noDescriptors`, `connectFailed`.
   */
  connectUdp(to: TcpAddress, source: string | null, h: UdpHandler): UdpPort;
  /**
   * Resolves names with TTLs (seconds); `family` 4 or 6. By the system's rules, or where `servers` are given by asking these over DNS and
   * nothing else. Rejects with an error whose `code` is the system's: `ENOTFOUND` and `ENODATA` are answers.
   */
  resolve(name: string, family: 4 | 6, servers?: readonly TcpAddress[]): Promise<readonly { address: string; ttl: number }[]>;
  /** SRV records of a name that is complete, from `servers` or else from the system's name servers. Never empty; rejects as `resolve` does. */
  resolveSrv(name: string, servers?: readonly TcpAddress[]): Promise<readonly SrvRecord[]>;
  /** Calls `f` when anything in the directory changes, symlink swaps included; debounced by the caller. */
  watch(dir: string, f: () => void): Closer;
  /** Null: none can be had that keeps what is promised here. */
  readonly tls: PlatformTls | null;
  /** Operating-system calls that need more than the runtime's modules; null where they can't be had. */
  readonly os: OsCalls | null;
  /** What needs Linux; null elsewhere and where libc can't be called. */
  readonly linux: LinuxCalls | null;
  /** Null: there is no host below. */
  readonly processes: Processes | null;
  readonly memory: MemoryCalls;
  /**
   * Modules that are loaded from now on find these packages by their names, before any that lie on disk. Called once, with packages that
   * are loaded already. Null: the runtime can't; see `Processes.selfCommand`.
   */
  readonly offerPackages: ((packages: ReadonlyMap<string, object>) => void) | null;
  /** Null: there is no disk. */
  readonly files: FileTree | null;
}

/** The memory of this process. */
export interface MemoryCalls {
  /** Bytes, garbage and what lies outside of the heap included. A call takes some 30 µs. */
  resident(): number;
  /** Collects garbage now, and nothing else runs meanwhile: some 0.3 ms a MiB. Nothing happens where that can't be asked for. */
  collect(): void;
}

export interface OsCalls {
  /** Sets gid, supplementary groups and uid, in this order, and checks that they can't be taken back. Throws ProxyError. */
  dropPrivileges(uid: number, gid: number): void;
  /** Soft and hard limit of open files; null: unknown. */
  fileLimit(): { soft: number; hard: number } | null;
  /** Raises the soft limit of open files to the hard one; the limit in force afterwards. */
  raiseFileLimit(): number;
  /** The user id at the other end of a unix socket connection (SO_PEERCRED); null: unknown. */
  peerUser(c: Conn): number | null;
}
