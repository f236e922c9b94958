import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { createServer, type Server, type Socket as TcpSocket } from "node:net";
import { type Answer, decode, encode, type SrvData, TRUNCATED_RESPONSE } from "dns-packet";

const SERVFAIL = 2;
const NXDOMAIN = 3;
const LOOPBACK = "127.0.0.1";
/** The longest answer without EDNS (RFC 1035 4.2.1). */
const UDP_BYTES = 512;

export interface DnsRecords {
  readonly ttl: number;
  readonly A?: readonly string[];
  readonly AAAA?: readonly string[];
  readonly SRV?: readonly SrvData[];
  readonly CNAME?: string;
}

/**
 * A DNS server on loopback, over UDP and TCP, with authority over everything: what it says can change at any time, and so can how.
 *
 * @example
 * ```ts
 * const dns = await DnsServer.start();
 * dns.records.set("app.test", { ttl: 1, A: ["127.0.0.1"] });
 * dns.mode = "servfail"; // "silent", "truncate"
 * await dns.die(); // and later: await dns.revive();
 * await dns.stop();
 * ```
 */
export class DnsServer {
  /** By name, lower case. A name that is missing is NXDOMAIN. */
  readonly records = new Map<string, DnsRecords>();
  /** How questions are answered. `truncate`: over UDP with no records but that there are more, over TCP whole. */
  mode: "answer" | "silent" | "servfail" | "truncate" | "garbage" = "answer";
  /** Before each answer. */
  delayMs = 0;
  /** Questions so far, such as `A app.test` over UDP, or `tcp SRV app.test`. */
  readonly asked: string[] = [];
  port = 0;
  #udp: Socket | null = null;
  #tcp: Server | null = null;
  readonly #conns = new Set<TcpSocket>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  static async start(): Promise<DnsServer> {
    const server = new DnsServer();
    for (let tries = 0; ; tries++) {
      try {
        await server.revive();
        return server;
      } catch (e) {
        // The number was free for one of the two only.
        await server.die();
        server.port = 0;
        if (tries > 20) throw e;
      }
    }
  }

  get address(): string {
    return `${LOOPBACK}:${this.port}`;
  }

  /** Listens, again on the same port. */
  async revive(): Promise<void> {
    const tcp = createServer((c) => this.#accept(c));
    this.#tcp = tcp;
    await new Promise<void>((resolve, reject) => tcp.once("error", reject).listen(this.port, LOOPBACK, resolve));
    this.port = (tcp.address() as { port: number }).port;
    const udp = createSocket("udp4");
    this.#udp = udp;
    udp.on("message", (b, from) => this.#onDatagram(b, from));
    await new Promise<void>((resolve, reject) => {
      udp.once("error", reject);
      udp.bind(this.port, LOOPBACK, resolve);
    });
  }

  /** Nobody is there any more. */
  async die(): Promise<void> {
    const [udp, tcp] = [this.#udp, this.#tcp];
    this.#udp = null;
    this.#tcp = null;
    for (const c of this.#conns) c.destroy();
    for (const t of this.#timers) clearTimeout(t);
    this.#timers.clear();
    try {
      udp?.close();
    } catch {
      // It was never bound.
    }
    if (tcp?.listening) await new Promise<void>((resolve) => tcp.close(() => resolve()));
  }

  stop(): Promise<void> {
    return this.die();
  }

  #onDatagram(b: Uint8Array, from: RemoteInfo): void {
    const udp = this.#udp;
    this.#later(() => {
      const answer = this.#answer(b, false);
      if (answer !== null && udp === this.#udp) udp?.send(answer, from.port, from.address);
    });
  }

  #accept(c: TcpSocket): void {
    this.#conns.add(c);
    c.on("close", () => this.#conns.delete(c));
    c.on("error", () => {});
    let got = Buffer.alloc(0);
    c.on("data", (b: Buffer) => {
      got = Buffer.concat([got, b]);
      if (got.length < 2 || got.length < 2 + got.readUInt16BE(0)) return;
      const query = got.subarray(2);
      this.#later(() => {
        const answer = this.#answer(query, true);
        if (answer === null) return;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(answer.length);
        c.write(Buffer.concat([length, answer]));
      });
    });
  }

  #later(f: () => void): void {
    if (this.delayMs === 0) {
      f();
      return;
    }
    const t = setTimeout(() => {
      this.#timers.delete(t);
      f();
    }, this.delayMs);
    this.#timers.add(t);
  }

  #answer(query: Uint8Array, overTcp: boolean): Buffer | null {
    const { id, questions } = decode(Buffer.from(query));
    const question = questions![0]!;
    this.asked.push(`${overTcp ? "tcp " : ""}${question.type} ${question.name}`);
    if (this.mode === "silent") return null;
    if (this.mode === "garbage") return Buffer.from("no answer at all");
    const said = (flags: number, answers: Answer[]): Buffer =>
      encode({ type: "response", id: id!, flags, questions: [question], answers });
    if (this.mode === "servfail") return said(SERVFAIL, []);
    if (this.mode === "truncate" && !overTcp) return said(TRUNCATED_RESPONSE, []);
    const found = this.records.get(question.name.toLowerCase());
    if (found === undefined) return said(NXDOMAIN, []);
    const whole = said(0, this.#recordsOf(question.name, question.type, found));
    return overTcp || whole.length <= UDP_BYTES ? whole : said(TRUNCATED_RESPONSE, []);
  }

  #recordsOf(name: string, type: string, found: DnsRecords): Answer[] {
    const { ttl } = found;
    if (found.CNAME !== undefined) {
      const target = this.records.get(found.CNAME);
      const own: Answer = { type: "CNAME", name, ttl, data: found.CNAME };
      return target === undefined ? [own] : [own, ...this.#recordsOf(found.CNAME, type, target)];
    }
    if (type === "SRV") return (found.SRV ?? []).map((data) => ({ type, name, ttl, data }));
    if (type === "A") return (found.A ?? []).map((data) => ({ type, name, ttl, data }));
    if (type === "AAAA") return (found.AAAA ?? []).map((data) => ({ type, name, ttl, data }));
    return [];
  }
}
