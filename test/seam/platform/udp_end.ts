import { Buffer } from "node:buffer";
import type {
  Platform,
  TcpAddress,
  UdpFault,
  UdpHandler,
  UdpOptions,
  UdpPeer,
  UdpPort,
  UdpSource,
} from "../../../src/platform/types.ts";

/** What a port told, in order, with who waits for more. */
export class UdpEnd implements UdpHandler {
  readonly texts: string[] = [];
  readonly flows: (number | string)[] = [];
  readonly peers: UdpPeer[] = [];
  readonly errors: UdpFault[] = [];
  lost = 0;
  /** Called for each datagram, before who waits is woken. */
  onEach: (b: Uint8Array, from: UdpSource) => void = () => {};
  #port: UdpPort | null = null;
  #waiters: { ready: () => boolean; resolve: () => void }[] = [];

  get port(): UdpPort {
    if (this.#port === null) throw new Error("open the port first");
    return this.#port;
  }
  set port(p: UdpPort) {
    this.#port = p;
  }

  onDatagram(b: Uint8Array, from: UdpSource): void {
    this.texts.push(Buffer.from(b).toString("latin1"));
    this.flows.push(from.flow);
    this.peers.push(from.peer());
    try {
      this.onEach(b, from);
    } finally {
      this.#wake();
    }
  }
  onError(why: UdpFault): void {
    this.errors.push(why);
    this.#wake();
  }
  onLost(why: UdpFault, n: number): void {
    this.errors.push(why);
    this.lost += n;
    this.#wake();
  }

  /** Resolves when `ready` holds, looked at after each event; the runner's time limit is the bound. */
  until(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ ready, resolve });
    });
  }

  send(text: string, to: UdpPeer | null = null): UdpFault | null {
    return this.port.send(Buffer.from(text, "latin1"), to);
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

export const UDP_LOOPBACK: TcpAddress = { kind: "tcp", host: "127.0.0.1", port: 0 };

/** A bound port that has not started. */
export async function bindUdp(p: Platform, at: TcpAddress = UDP_LOOPBACK, o: UdpOptions = {}): Promise<UdpEnd> {
  const end = new UdpEnd();
  end.port = await p.udp(at, o, end);
  return end;
}

/** One that gives back what comes, with its own name before it. */
export async function echoUdp(p: Platform, at: TcpAddress = UDP_LOOPBACK, name = ""): Promise<UdpEnd> {
  const end = await bindUdp(p, at);
  end.onEach = (b, from) => end.port.send(Buffer.concat([Buffer.from(name), b]), from.peer());
  end.port.start();
  return end;
}

export function connectUdp(p: Platform, to: TcpAddress, source: string | null = null): UdpEnd {
  const end = new UdpEnd();
  end.port = p.connectUdp(to, source, end);
  return end;
}
