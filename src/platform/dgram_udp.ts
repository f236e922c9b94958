import { createSocket, type Socket } from "node:dgram";
import type { TcpAddress } from "../base/address.ts";
import type { DescriptorBudget } from "./descriptor_budget.ts";
import { OUT_OF_DESCRIPTORS } from "./shed_notice.ts";
import { dialFault, listenFault, systemCode } from "./system_fault.ts";
import { tcpAddress } from "./tcp_address.ts";
import type { UdpFault, UdpHandler, UdpOptions, UdpPeer, UdpPort, UdpSource } from "./udp_types.ts";

/** Datagrams that wait for a port to be started, or to be connected. */
const WAITING = 64;

/** Datagram ports by `node:dgram`, where Linux's own calls can't be had. */
export class DgramUdp {
  readonly #budget: DescriptorBudget;
  readonly #onFault: (e: unknown) => void;

  constructor(budget: DescriptorBudget, onFault: (e: unknown) => void) {
    this.#budget = budget;
    this.#onFault = onFault;
  }

  async bind(at: TcpAddress, o: UdpOptions, h: UdpHandler): Promise<UdpPort> {
    let socket: Socket;
    try {
      socket = await bound(at.host === "" ? { ...at, host: "::" } : at, at.host !== "" && o.ipv6Only === true, o);
    } catch (e) {
      const code = systemCode(e);
      if (at.host !== "" || (code !== "EAFNOSUPPORT" && code !== "EADDRNOTAVAIL")) throw listenFault(at, e);
      socket = await bound({ ...at, host: "0.0.0.0" }, false, o).catch((cause: unknown) => {
        throw listenFault(at, cause);
      });
    }
    this.#budget.takeOpen();
    return new DgramPort(socket, { ...at, port: socket.address().port }, h, this.#budget, this.#onFault, true);
  }

  connect(to: TcpAddress, source: string | null, h: UdpHandler): UdpPort {
    if (!this.#budget.takeForDial()) throw dialFault(to, OUT_OF_DESCRIPTORS);
    const socket = createSocket(to.host.includes(":") ? "udp6" : "udp4");
    const port = new DgramPort(socket, tcpAddress(source ?? undefined, 0), h, this.#budget, this.#onFault, false);
    const connect = (): void => socket.connect(to.port, to.host, () => port.connected());
    if (source === null) connect();
    else socket.bind(0, source, connect);
    port.start();
    return port;
  }
}

function bound(at: TcpAddress, ipv6Only: boolean, o: UdpOptions): Promise<Socket> {
  const socket = createSocket({
    type: at.host.includes(":") ? "udp6" : "udp4",
    ipv6Only,
    ...(o.reusePort === true ? { reusePort: true } : {}),
  });
  return new Promise((resolve, reject) => {
    socket.once("error", (e) => {
      socket.close();
      reject(e);
    });
    socket.bind(at.port, at.host, () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}

class DgramPort implements UdpPort {
  readonly descriptor = null;
  readonly #socket: Socket;
  readonly #handler: UdpHandler;
  readonly #budget: DescriptorBudget;
  readonly #onFault: (e: unknown) => void;
  #address: TcpAddress;
  #ready: boolean;
  #started = false;
  #stopped = false;
  #closed = false;
  #waiting: (() => void)[] = [];

  constructor(
    socket: Socket,
    address: TcpAddress,
    handler: UdpHandler,
    budget: DescriptorBudget,
    onFault: (e: unknown) => void,
    ready: boolean,
  ) {
    this.#socket = socket;
    this.#address = address;
    this.#handler = handler;
    this.#budget = budget;
    this.#onFault = onFault;
    this.#ready = ready;
    socket.on("error", (e) => this.#call(() => handler.onError(faultOf(e))));
    socket.on("message", (b, from) => {
      const remote = tcpAddress(from.address, from.port);
      if (this.#stopped) return;
      if (this.#started) this.#told(b, remote);
      else if (this.#waiting.length < WAITING) this.#waiting.push(() => this.#told(b, remote));
    });
  }

  get address(): TcpAddress {
    return this.#address;
  }

  connected(): void {
    if (this.#closed) return;
    const { address, port } = this.#socket.address();
    this.#address = tcpAddress(address, port);
    this.#ready = true;
    this.#run();
  }

  start(): void {
    this.#started = true;
    if (this.#ready) setImmediate(() => this.#run());
  }

  #run(): void {
    const due = this.#waiting;
    this.#waiting = [];
    for (const f of due) f();
  }

  send(b: Uint8Array, to: UdpPeer | null): UdpFault | null {
    if (this.#closed) return "failed";
    const copy = b.slice();
    const told = (e: Error | null): void => {
      if (e !== null && e !== undefined) this.#call(() => this.#handler.onLost(faultOf(e), 1));
    };
    if (to !== null) {
      this.#socket.send(copy, to.remote.port, this.#shown(to.remote.host), told);
      return null;
    }
    if (this.#ready) this.#socket.send(copy, told);
    else if (this.#waiting.length < WAITING) this.#waiting.push(() => this.#socket.send(copy, told));
    else return "full";
    return null;
  }

  /** A dual-stack socket takes IPv4 in IPv6's form. */
  #shown(host: string): string {
    const six = this.#address.host === "" || this.#address.host.includes(":");
    return six && !host.includes(":") && this.#socket.address().family === "IPv6" ? `::ffff:${host}` : host;
  }

  read(): number {
    return 0;
  }
  stop(): void {
    this.#stopped = true;
  }
  share(): void {
    // Nobody can be bound beside it: see `split`.
  }
  split(): null {
    return null;
  }
  dropped(): null {
    return null;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting = [];
    this.#socket.removeAllListeners("message");
    this.#socket.close();
    this.#budget.give();
  }

  #told(b: Uint8Array, remote: TcpAddress): void {
    if (this.#closed) return;
    const from: UdpSource = { flow: `${remote.host} ${remote.port}`, peer: () => ({ remote, local: this.#address }) };
    this.#call(() => this.#handler.onDatagram(b, from, performance.now()));
  }

  #call(f: () => void): void {
    if (this.#closed) return;
    try {
      f();
    } catch (e) {
      this.#onFault(e);
    }
  }
}

function faultOf(e: unknown): UdpFault {
  switch (systemCode(e)) {
    case "EAGAIN":
    case "ENOBUFS":
    case "ENOMEM":
      return "full";
    case "EMSGSIZE":
      return "tooBig";
    case "ECONNREFUSED":
      return "refused";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ENETDOWN":
    case "EHOSTDOWN":
      return "unreachable";
    default:
      return "failed";
  }
}
