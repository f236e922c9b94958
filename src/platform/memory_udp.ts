import { addressText, type TcpAddress } from "../base/address.ts";
import { listenFault } from "./system_fault.ts";
import type { UdpFault, UdpHandler, UdpPeer, UdpPort, UdpSource } from "./udp_types.ts";

/** What the ports take of their platform. */
export interface MemoryUdpHost {
  readonly onFault: (e: unknown) => void;
  now(): number;
  /** Runs it on a later turn, in the order of the calls. */
  post(f: () => void): void;
  nextPort(): number;
}

/** The longest datagram of UDP over IPv4. */
const MOST_BYTES = 65507;

/** Datagrams in memory: none is lost or changes its place, unless nobody is there. */
export class MemoryUdp {
  readonly host: MemoryUdpHost;
  readonly #bound = new Map<string, MemoryPort>();
  /** Ports of one flow, by both its ends. */
  readonly #flows = new Map<string, MemoryPort>();

  constructor(host: MemoryUdpHost) {
    this.host = host;
  }

  bind(at: TcpAddress, h: UdpHandler): MemoryPort {
    const address = at.port === 0 ? { ...at, port: this.host.nextPort() } : at;
    const key = addressText(address);
    if (this.#bound.has(key) || this.#bound.has(addressText({ ...address, host: "" })))
      throw listenFault(at, { code: "EADDRINUSE" });
    const port = new MemoryPort(this, address, null, h);
    this.#bound.set(key, port);
    return port;
  }

  connect(to: TcpAddress, source: string | null, h: UdpHandler): MemoryPort {
    const host = source ?? (to.host.includes(":") ? "::1" : "127.0.0.1");
    return this.flow({ remote: to, local: { kind: "tcp", host, port: this.host.nextPort() } }, h);
  }

  flow(peer: UdpPeer, h: UdpHandler): MemoryPort {
    const port = new MemoryPort(this, peer.local, peer.remote, h);
    this.#flows.set(flowOf(peer), port);
    port.start();
    return port;
  }

  /** Null: nobody is there. */
  find(peer: UdpPeer): MemoryPort | null {
    const { local } = peer;
    const everywhere = local.host.includes(":") ? "::" : "0.0.0.0";
    return (
      this.#flows.get(flowOf(peer)) ??
      this.#bound.get(addressText(local)) ??
      this.#bound.get(addressText({ ...local, host: everywhere })) ??
      this.#bound.get(addressText({ ...local, host: "" })) ??
      null
    );
  }

  remove(port: MemoryPort): void {
    for (const map of [this.#bound, this.#flows]) for (const [key, p] of map) if (p === port) map.delete(key);
  }
}

class MemoryPort implements UdpPort {
  readonly address: TcpAddress;
  readonly descriptor = null;
  readonly #net: MemoryUdp;
  readonly #to: TcpAddress | null;
  readonly #handler: UdpHandler;
  #state: "new" | "reading" | "stopped" | "closed" = "new";
  #waiting: { readonly b: Uint8Array; readonly peer: UdpPeer }[] = [];

  constructor(net: MemoryUdp, address: TcpAddress, to: TcpAddress | null, handler: UdpHandler) {
    this.#net = net;
    this.address = address;
    this.#to = to;
    this.#handler = handler;
  }

  start(): void {
    if (this.#state !== "new") return;
    this.#state = "reading";
    this.#later();
  }

  send(b: Uint8Array, to: UdpPeer | null): UdpFault | null {
    if (this.#state === "closed") return "failed";
    if (b.length > MOST_BYTES) return "tooBig";
    const copy = b.slice();
    const remote = to === null ? this.#to! : to.remote;
    const local = to === null ? this.address : to.local;
    this.#net.host.post(() => {
      const there = this.#net.find({ remote: local, local: remote });
      if (there !== null) there.arrived(copy, { remote: local, local: remote });
      else if (to === null && this.#state !== "closed") this.#call(() => this.#handler.onError("refused"));
    });
    return null;
  }

  arrived(b: Uint8Array, peer: UdpPeer): void {
    this.#waiting.push({ b, peer });
    this.#deliver();
  }

  #later(): void {
    this.#net.host.post(() => this.#deliver());
  }

  #deliver(): void {
    while (this.#state === "reading" && this.#waiting.length > 0) {
      const { b, peer } = this.#waiting.shift()!;
      const from: UdpSource = { flow: flowOf(peer), peer: () => peer };
      this.#call(() => this.#handler.onDatagram(b, from, this.#net.host.now()));
    }
  }

  #call(f: () => void): void {
    try {
      f();
    } catch (e) {
      this.#net.host.onFault(e);
    }
  }

  read(): number {
    const waiting = this.#waiting.length;
    this.#deliver();
    return waiting;
  }
  stop(): void {
    if (this.#state === "reading") this.#state = "stopped";
  }
  share(): void {
    // Every address can be shared here.
  }
  split(peer: UdpPeer, h: UdpHandler): UdpPort | null {
    return this.#state === "closed" ? null : this.#net.flow(peer, h);
  }
  dropped(): number {
    // Nothing ever is.
    return 0;
  }
  close(): void {
    this.#state = "closed";
    this.#waiting = [];
    this.#net.remove(this);
  }
}

function flowOf({ remote, local }: UdpPeer): string {
  return `${addressText(remote)} ${addressText(local)}`;
}
