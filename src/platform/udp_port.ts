import type { TcpAddress } from "../base/address.ts";
import type { DescriptorBudget } from "./descriptor_budget.ts";
import { AF_INET, AF_INET6 } from "./socket_address.ts";
import { putPeer, type RawPeer, RawSource } from "./udp_addresses.ts";
import type { Readable, Sender, UdpLoop } from "./udp_loop.ts";
import { BATCH, MSG_DONTWAIT, MSG_NOSIGNAL, SLOT_BYTES } from "./udp_messages.ts";
import { droppedDatagrams, setShared, splitUdpSocket, udpFault } from "./udp_socket.ts";
import type { UdpFault, UdpHandler, UdpPeer, UdpPort } from "./udp_types.ts";

const EAGAIN = 11;
const EINTR = 4;
/** Faults in a row that are told of one socket before others have their turn. */
const FAULTS_A_READ = 8;

/** What the ports of one platform share. */
export interface UdpNet {
  readonly loop: UdpLoop;
  readonly budget: DescriptorBudget;
  readonly onFault: (e: unknown) => void;
}

/** A datagram socket read and written by Linux's own calls, many datagrams with one. */
export class RawUdpPort implements UdpPort, Readable, Sender {
  readonly fd: number;
  readonly address: TcpAddress;
  readonly #net: UdpNet;
  readonly #handler: UdpHandler;
  readonly #source: RawSource;
  /** Whom it is connected to in the place of another port, which what comes from others is for; null: it is connected to nobody, or was from its birth. */
  readonly #only: { readonly peer: RawPeer; readonly port: RawUdpPort } | null;
  readonly #six: boolean;
  /** Datagrams in the memory for sending. */
  #outgoing = 0;
  #state: "new" | "reading" | "stopped" | "closed" = "new";

  constructor(
    net: UdpNet,
    fd: number,
    six: boolean,
    address: TcpAddress,
    handler: UdpHandler,
    only: { readonly peer: RawPeer; readonly port: RawUdpPort } | null = null,
  ) {
    this.#net = net;
    this.fd = fd;
    this.#six = six;
    this.address = address;
    this.#handler = handler;
    this.#only = only;
    this.#source = new RawSource(net.loop.received, address);
  }

  get descriptor(): number | null {
    return this.#state === "closed" ? null : this.fd;
  }

  start(): void {
    if (this.#state !== "new") return;
    this.#state = "reading";
    this.#net.loop.watch(this);
  }

  send(b: Uint8Array, to: UdpPeer | null): UdpFault | null {
    if (this.#state === "closed") return "failed";
    if (to === null) return this.#sendNow(b);
    if (b.length > SLOT_BYTES) return "tooBig";
    const { loop } = this.#net;
    loop.takeOutgoing(this);
    const i = this.#outgoing++;
    loop.outgoing.bytes.set(b, loop.outgoing.slotAt(i));
    putPeer(loop.outgoing, i, b.length, to as RawPeer);
    if (this.#outgoing === BATCH) this.flush();
    return null;
  }

  #sendNow(b: Uint8Array): UdpFault | null {
    const { libc } = this.#net.loop;
    for (;;) {
      if (libc.c.send(this.fd, b, b.length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return null;
      const e = libc.errno;
      if (e !== EINTR) return udpFault(e);
    }
  }

  flush(): void {
    const count = this.#outgoing;
    this.#outgoing = 0;
    if (this.#state === "closed") return;
    const { outgoing, libc } = this.#net.loop;
    let lost = 0;
    let why: UdpFault = "full";
    for (let i = 0; i < count; ) {
      const sent = outgoing.send(this.fd, i, count - i);
      if (sent > 0) {
        i += sent;
        continue;
      }
      const e = libc.errno;
      if (e === EINTR) continue;
      const fault = udpFault(e);
      if (lost > 0 && fault !== why) {
        this.#tellLost(why, lost);
        lost = 0;
      }
      why = fault;
      // No room for one is none for those behind it.
      const dropped = fault === "full" ? count - i : 1;
      lost += dropped;
      i += dropped;
    }
    if (lost > 0) this.#tellLost(why, lost);
  }

  #tellLost(why: UdpFault, datagrams: number): void {
    try {
      this.#handler.onLost(why, datagrams);
    } catch (e) {
      this.#net.onFault(e);
    }
  }

  read(most: number): number {
    const { received, libc } = this.#net.loop;
    let read = 0;
    let faults = 0;
    while (read < most && this.#state === "reading") {
      const asked = Math.min(BATCH, most - read);
      const n = received.receive(this.fd, asked);
      if (n < 0) {
        const e = libc.errno;
        if (e === EINTR) continue;
        if (e === EAGAIN || ++faults > FAULTS_A_READ) break;
        this.#call(() => this.#handler.onError(udpFault(e)));
        continue;
      }
      const now = this.#net.loop.now();
      for (let i = 0; i < n && this.#state === "reading"; i++) this.#tell(i, now);
      received.rearm(n);
      read += n;
      if (n < asked) break;
    }
    return read;
  }

  /** One that came to a flow's own port before it was connected is another's. */
  #tell(i: number, now: number): void {
    const only = this.#only;
    if (only === null || this.#source.at(i).isOf(only.peer)) this.#deliver(i, now, this.#handler, this.#source);
    else if (only.port.#state !== "closed") this.#deliver(i, now, only.port.#handler, only.port.#source);
  }

  #deliver(i: number, now: number, h: UdpHandler, source: RawSource): void {
    const { bytes } = this.#net.loop.received;
    const at = this.#net.loop.received.slotAt(i);
    try {
      h.onDatagram(bytes.subarray(at, at + this.#net.loop.received.lengthOf(i)), source.at(i), now);
    } catch (e) {
      this.#net.onFault(e);
    }
  }

  #call(f: () => void): void {
    try {
      f();
    } catch (e) {
      this.#net.onFault(e);
    }
  }

  stop(): void {
    if (this.#state !== "reading") return;
    this.#net.loop.unwatch(this);
    this.#state = "stopped";
  }

  share(on: boolean): void {
    if (this.#state !== "closed") setShared(this.#net.loop.libc, this.fd, on);
  }

  split(peer: UdpPeer, h: UdpHandler): UdpPort | null {
    if (this.#state === "closed" || !this.#net.budget.takeForDial()) return null;
    const raw = peer as RawPeer;
    const { libc } = this.#net.loop;
    const fd = splitUdpSocket(libc, this.fd, this.#six ? AF_INET6 : AF_INET, raw.localName(), raw.name);
    if (fd < 0) {
      this.#net.budget.give();
      return null;
    }
    const port = new RawUdpPort(this.#net, fd, this.#six, this.address, h, { peer: raw, port: this });
    port.start();
    return port;
  }

  dropped(): number | null {
    return this.#state === "closed" ? null : droppedDatagrams(this.#net.loop.libc, this.fd);
  }

  close(): void {
    if (this.#state === "closed") return;
    // What was taken is sent.
    if (this.#outgoing > 0) this.flush();
    if (this.#state === "reading") this.#net.loop.unwatch(this);
    this.#state = "closed";
    this.#net.loop.libc.c.close(this.fd);
    this.#net.budget.give();
  }
}
