import { DescriptorPassing, socketPair } from "./descriptor_passing.ts";
import type { LinuxLibc } from "./linux_libc.ts";
import type { LinuxCalls, MakeListenerOptions, ReceivedDescriptors, SharedMemory } from "./linux_types.ts";
import { originalDestination } from "./original_destination.ts";
import type { FdOf } from "./os_calls.ts";
import { boundAddress, listening, makeListener, SOCK_CLOEXEC, SOCK_NONBLOCK } from "./raw_listener.ts";
import { makeSharedMemory, mapSharedMemory } from "./shared_memory.ts";
import type { Address, Conn, TcpAddress } from "./types.ts";
import { bindUdp, datagram, setShared } from "./udp_socket.ts";
import type { UdpOptions } from "./udp_types.ts";
import { sendDatagram } from "./unix_datagram.ts";
import { clearStaleSocket } from "./unix_path.ts";

const SOCK_STREAM = 1;
const SOCK_SEQPACKET = 5;
const PR_SET_PDEATHSIG = 1;
const CLOCK_MONOTONIC = 1;

/** `fdOf` knows the runtime's connections. */
export function createLinuxCalls(libc: LinuxLibc, fdOf: FdOf): LinuxCalls {
  return new LinuxSystem(libc, fdOf);
}

class LinuxSystem implements LinuxCalls {
  readonly #libc: LinuxLibc;
  readonly #fdOf: FdOf;
  #passing: DescriptorPassing | null = null;

  constructor(libc: LinuxLibc, fdOf: FdOf) {
    this.#libc = libc;
    this.#fdOf = fdOf;
  }

  makeListener(at: Address, o: MakeListenerOptions): number {
    return makeListener(this.#libc, at, o);
  }
  clearStalePath(path: string): Promise<void> {
    return clearStaleSocket(path);
  }
  boundAddress(fd: number): Address | null {
    return boundAddress(this.#libc, fd);
  }
  listening(fd: number): { readonly reusePort: boolean } | null {
    return listening(this.#libc, fd);
  }

  makeDatagramSocket(at: TcpAddress, o: UdpOptions): number {
    return bindUdp(this.#libc, at, o);
  }
  datagram(fd: number): { readonly reusePort: boolean } | null {
    return datagram(this.#libc, fd);
  }
  shareDatagram(fd: number, on: boolean): void {
    setShared(this.#libc, fd, on);
  }

  closeDescriptor(fd: number): void {
    this.#libc.c.close(fd);
  }
  duplicate(fd: number): number {
    return this.#libc.duplicate(fd);
  }
  takeInherited(fd: number): number | null {
    const own = this.#libc.tryDuplicate(fd);
    if (own < 0) return null;
    this.#libc.c.close(fd);
    return own;
  }
  setCloseOnExec(fd: number): boolean {
    return this.#libc.setCloseOnExec(fd);
  }

  socketPair(): [number, number] {
    return socketPair(this.#libc, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK);
  }
  packetPair(): [number, number] {
    return socketPair(this.#libc, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK);
  }
  sendDescriptors(packetFd: number, fds: readonly number[], tag: Uint8Array): boolean {
    this.#passing ??= new DescriptorPassing(this.#libc);
    return this.#passing.send(packetFd, fds, tag);
  }
  receiveDescriptors(packetFd: number): ReceivedDescriptors | null {
    this.#passing ??= new DescriptorPassing(this.#libc);
    return this.#passing.receive(packetFd);
  }

  sharedMemory(bytes: number): SharedMemory {
    return makeSharedMemory(this.#libc, bytes);
  }
  mapShared(fd: number): ArrayBuffer {
    return mapSharedMemory(this.#libc, fd);
  }

  dieWithParent(signal: number, parent: number): boolean {
    this.#libc.must(this.#libc.c.prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0), "asking for a signal at the parent's end");
    // A parent that ended before the call sends none (prctl(2)).
    return this.#libc.c.getppid() === parent;
  }

  sendDatagram(path: string, bytes: Uint8Array): boolean {
    return sendDatagram(this.#libc, path, bytes);
  }

  monotonicMicros(): number {
    const time = new Uint8Array(16);
    this.#libc.must(this.#libc.c.clock_gettime(CLOCK_MONOTONIC, time), "reading the clock");
    const v = new DataView(time.buffer);
    return Number(v.getBigInt64(0, true)) * 1e6 + Math.floor(Number(v.getBigInt64(8, true)) / 1e3);
  }

  originalDestination(c: Conn): Address | null {
    const borrowed = c.info.local.kind === "tcp" ? this.#fdOf(c) : null;
    if (borrowed === null) return null;
    try {
      return originalDestination(this.#libc, borrowed.fd);
    } finally {
      borrowed.release();
    }
  }
}
