import type { Address, TcpAddress } from "../base/address.ts";
import type { Conn } from "./types.ts";
import type { UdpOptions } from "./udp_types.ts";

export interface MakeListenerOptions {
  readonly reusePort?: boolean;
  /** Accept queue length; absent: the kernel's own maximum (somaxconn). */
  readonly backlog?: number;
  /** File mode of a unix socket, such as 0o600. */
  readonly mode?: number;
  readonly ipv6Only?: boolean;
  /** TCP: connections to any address that the firewall gives (TPROXY), which then is `info.local`. It takes CAP_NET_ADMIN. */
  readonly transparent?: boolean;
}

/** Descriptors that another process passed on, with the bytes that it sent along. */
export interface ReceivedDescriptors {
  readonly fds: readonly number[];
  readonly tag: Uint8Array;
}

export interface SharedMemory {
  readonly fd: number;
  /**
   * Stays mapped for this process's life, also when `fd` is closed. It is no SharedArrayBuffer on either runtime; Atomics on an
   * Int32Array over it hold between processes all the same, but for `wait` and `notify`, which need one.
   */
  readonly buffer: ArrayBuffer;
}

/**
 * What is done through Linux's libc. Every descriptor made here is close-on-exec: a child gets one only by `ProcessSpec.descriptors`.
 * A descriptor belongs to whoever got it, who closes it or gives it on. Failures are ProxyErrors that name the call and errno.
 */
export interface LinuxCalls {
  /**
   * A listening socket that nobody accepts from yet: the kernel fills its queue. `addressInUse`, or `internal` with the reason. The
   * file of a unix socket on which nobody answers is not cleared away: `clearStalePath` before. Host "" is dual-stack, or IPv4 alone.
   */
  makeListener(at: Address, o: MakeListenerOptions): number;
  /** Removes the file of a unix socket on which nobody answers; anything else stays. */
  clearStalePath(path: string): Promise<void>;
  /**
   * What a socket is bound to, as `listen` and the config write it: a dual-stack "::" is "". (A `:80` made where there is no IPv6
   * is told as `0.0.0.0:80`.) Null: no socket of these families, or no descriptor.
   */
  boundAddress(fd: number): Address | null;
  /** What of a listening socket differs from another's at the same address. Null: no listening stream socket. */
  listening(fd: number): { readonly reusePort: boolean } | null;
  /** A bound datagram socket that nobody reads yet: the kernel fills its buffer. Fails as `makeListener` does. */
  makeDatagramSocket(at: TcpAddress, o: UdpOptions): number;
  /** As `listening`, of a datagram socket. Null: none. */
  datagram(fd: number): { readonly reusePort: boolean } | null;
  /** `UdpPort.share` of a socket that no port of this process has. */
  shareDatagram(fd: number, on: boolean): void;
  closeDescriptor(fd: number): void;
  /** Another descriptor of the same file, close-on-exec. */
  duplicate(fd: number): number;
  /**
   * Takes over a descriptor that the process was started with: another number, close-on-exec, or null: it is not open. The first number
   * is free afterwards. (Deno has a table of those that a Deno parent passed, and would close the next file of that number with its old
   * entry; the platform empties it when it is made: `inherited_duplicates.ts`.)
   */
  takeInherited(fd: number): number | null;
  /** An inherited descriptor comes without close-on-exec, and Deno would hand it on to every child: set it at start. False: not open. */
  setCloseOnExec(fd: number): boolean;
  /** Two ends of a stream for `Platform.adopt`. */
  socketPair(): [number, number];
  /** Two ends for `sendDescriptors` and `receiveDescriptors`, which keep messages apart. No runtime may read from them: it would drop descriptors. */
  packetPair(): [number, number];
  /**
   * Sends up to 64 descriptors with a tag of 1 to 16,384 bytes over a packet socket. They stay open here, and go on being open in
   * flight when closed. Never waits; false: no room now, try again later. Throws also when the other end is gone.
   */
  sendDescriptors(packetFd: number, fds: readonly number[], tag: Uint8Array): boolean;
  /**
   * The oldest message that waits; null: there is none, or the other end is gone, which a stream beside it tells. Nobody is woken
   * by a message: tell of it over that stream after it was sent.
   */
  receiveDescriptors(packetFd: number): ReceivedDescriptors | null;
  /** Zeroed memory that children and successors can map; its size is sealed, so nobody can take pages away under another. */
  sharedMemory(bytes: number): SharedMemory;
  /** Maps shared memory by a descriptor that was inherited or received. Refused without the seal against shrinking. The descriptor stays the caller's. */
  mapShared(fd: number): ArrayBuffer;
  /** This process gets the signal when its parent ends; 0: never. False: `parent` is no longer its parent, so there will be none. */
  dieWithParent(signal: number, parent: number): boolean;
  /**
   * Sends one datagram to a unix socket, by its path or by an abstract name that begins with NUL. Never waits; false: no room now, try
   * again later. Throws when nobody has a socket there.
   */
  sendDatagram(path: string, bytes: Uint8Array): boolean;
  /** CLOCK_MONOTONIC in microseconds, which is one clock for all processes of a host; that of `Platform.now` starts where it likes. */
  monotonicMicros(): number;
  /** Where a connection that the firewall redirected was going (SO_ORIGINAL_DST). Null: not redirected, or not known. */
  originalDestination(c: Conn): Address | null;
}
