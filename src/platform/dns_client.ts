import { randomInt } from "node:crypto";
import { NO_BYTES } from "../base/bytes.ts";
import { type DnsQuestion, type DnsSaying, type DnsType, encodeQuestion, isDnsName, readAnswer } from "./dns_message.ts";
import type { Conn, Platform, SrvRecord, TcpAddress } from "./types.ts";

/** What asking needs of a platform. */
export type DnsHost = Pick<Platform, "connectUdp" | "dial" | "setTimer" | "now">;

/** A server that has not answered by then is passed over. Each is asked twice, for datagrams are lost. */
const TRY_MS = 1_500;
const ROUNDS = 2;
/** All tries together: below what waits for the answer. */
const LIMIT_MS = 8_000;
const IDS = 0x1_0000;

/** Of the kind that `node:dns` rejects with: `ENOTFOUND` and `ENODATA` are answers, all others the lack of one. */
export class DnsError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "DnsError";
    this.code = code;
  }
}

/** Addresses of a name as these servers tell them, TTLs in seconds. Rejects with a DnsError. */
export async function askAddresses(
  host: DnsHost,
  servers: readonly TcpAddress[],
  name: string,
  family: 4 | 6,
): Promise<readonly { address: string; ttl: number }[]> {
  const said = await ask(host, servers, name, family === 4 ? "A" : "AAAA");
  return said.kind === "addresses" ? said.records : [];
}

/** SRV records of a name (RFC 2782), likewise. */
export async function askServices(host: DnsHost, servers: readonly TcpAddress[], name: string): Promise<readonly SrvRecord[]> {
  const said = await ask(host, servers, name, "SRV");
  return said.kind === "services" ? said.records : [];
}

async function ask(host: DnsHost, servers: readonly TcpAddress[], given: string, type: DnsType): Promise<DnsSaying> {
  const name = given.replace(/\.$/, "");
  if (!isDnsName(name)) throw new DnsError("ENOTFOUND", `no DNS name: ${JSON.stringify(given)}`);
  if (servers.length === 0) throw new DnsError("ENOSERVERS", "no name server is known");
  const end = host.now() + LIMIT_MS;
  let error = "";
  for (let i = 0; i < ROUNDS * servers.length && host.now() < end; i++) {
    const server = servers[i % servers.length]!;
    const question = { name, type, id: randomInt(IDS) };
    let said = await askOverUdp(host, server, question);
    if (said.kind === "truncated") said = await askOverTcp(host, server, question);
    if (said.kind === "none") throw new DnsError(said.code, `${name} ${type}: ${said.code}`);
    if (said.kind === "addresses" || said.kind === "services") return said;
    error = said.kind === "broken" ? said.error : "TRUNCATED";
  }
  throw new DnsError(error, `${name} ${type}: ${error}`);
}

/** From a port of its own, which the system chooses anew for each question: that and the id are what a forger has to guess (RFC 5452). */
function askOverUdp(host: DnsHost, server: TcpAddress, q: DnsQuestion): Promise<DnsSaying> {
  return new Promise((resolve) => {
    const timer = host.setTimer(TRY_MS, () => end({ kind: "broken", error: "ETIMEOUT" }));
    let port: ReturnType<DnsHost["connectUdp"]> | null = null;
    let over = false;
    function end(said: DnsSaying): void {
      if (over) return;
      over = true;
      timer.cancel();
      port?.close();
      resolve(said);
    }
    try {
      port = host.connectUdp(server, null, {
        onDatagram: (b) => {
          const said = over ? null : readAnswer(b, q);
          if (said !== null) end(said);
        },
        onError: (why) => end({ kind: "broken", error: why === "refused" ? "ECONNREFUSED" : why }),
        onLost: (why) => end({ kind: "broken", error: why }),
      });
      const fault = port.send(encodeQuestion(q, "udp"), null);
      if (fault !== null) end({ kind: "broken", error: fault });
    } catch (e) {
      end({ kind: "broken", error: e instanceof Error ? e.message : String(e) });
    }
  });
}

const LENGTH_BYTES = 2;

/** For answers that a datagram does not hold (RFC 7766 5). */
function askOverTcp(host: DnsHost, server: TcpAddress, q: DnsQuestion): Promise<DnsSaying> {
  return new Promise((resolve) => {
    const timer = host.setTimer(TRY_MS, () => end({ kind: "broken", error: "ETIMEOUT" }));
    let conn: Conn | null = null;
    let dial: { cancel(): void } | null = null;
    let got = NO_BYTES;
    let over = false;
    function end(said: DnsSaying): void {
      if (over) return;
      over = true;
      timer.cancel();
      if (conn === null) dial?.cancel();
      else conn.destroy(null);
      resolve(said);
    }
    dial = host.dial(
      server,
      {},
      {
        onOpen: (c) => {
          conn = c;
          c.write([encodeQuestion(q, "tcp")]);
        },
        onData: (b) => {
          got = joined(got, b);
          if (got.length < LENGTH_BYTES) return;
          const length = (got[0]! << 8) | got[1]!;
          if (got.length < LENGTH_BYTES + length) return;
          const said = readAnswer(got.subarray(LENGTH_BYTES, LENGTH_BYTES + length), q);
          end(said ?? { kind: "broken", error: "EBADRESP" });
        },
        onDrain: () => {},
        onEnd: () => end({ kind: "broken", error: "EOF" }),
        onClose: (cause) => {
          conn = null;
          if (!over) end({ kind: "broken", error: cause?.facts.code ?? "EOF" });
        },
      },
    );
  });
}

function joined(a: Uint8Array<ArrayBufferLike>, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
