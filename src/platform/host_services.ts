import { promises as dns } from "node:dns";
import { watch as fsWatch } from "node:fs";
import process from "node:process";
import { collectGarbage } from "./collect_garbage.ts";
import { diskFiles } from "./disk_files.ts";
import { askAddresses, askServices, type DnsHost } from "./dns_client.ts";
import { hostsFileAddresses } from "./hosts_file.ts";
import { systemNameServers } from "./name_servers.ts";
import type {
  Address,
  Closer,
  DialHandler,
  DialOptions,
  FileTree,
  MemoryCalls,
  SrvRecord,
  TcpAddress,
  Timer,
  UdpHandler,
  UdpPort,
} from "./types.ts";

/** For names that come from /etc/hosts or another source that tells no TTL, in seconds. */
const LOOKUP_TTL = 30;
const RESOLVE_TIMEOUT_MS = 5000;

class HostTimer implements Timer {
  readonly #t: ReturnType<typeof setTimeout>;
  constructor(ms: number, f: () => void, ref: boolean) {
    this.#t = setTimeout(f, ms);
    if (!ref) this.#t.unref();
  }
  cancel(): void {
    clearTimeout(this.#t);
  }
}

function afterTurn(f: () => void): void {
  setImmediate(f);
}

/** The system's own timer. */
export function hostTimer(ms: number, f: () => void, ref = false): Timer {
  return new HostTimer(ms, f, ref);
}

/** What of a platform is the same on all runtimes: clocks, timers, names and files. */
export abstract class HostServices implements DnsHost {
  readonly afterTurn: (f: () => void) => void = afterTurn;
  readonly memory: MemoryCalls = { resident: () => process.memoryUsage.rss(), collect: () => this.collect() };
  readonly files: FileTree = diskFiles;
  readonly offerPackages: ((packages: ReadonlyMap<string, object>) => void) | null = null;
  now(): number {
    return performance.now();
  }
  wallNow(): number {
    return Date.now();
  }
  setTimer(ms: number, f: () => void, ref?: boolean): Timer {
    return hostTimer(ms, f, ref);
  }
  resolve(
    name: string,
    family: 4 | 6,
    servers: readonly TcpAddress[] = [],
  ): Promise<readonly { address: string; ttl: number }[]> {
    return servers.length > 0 ? askAddresses(this, servers, name, family) : hostResolve(name, family);
  }
  /** The runtimes' own `resolveSrv` tells no TTL. */
  async resolveSrv(name: string, servers: readonly TcpAddress[] = []): Promise<readonly SrvRecord[]> {
    return await askServices(this, servers.length > 0 ? servers : await systemNameServers(), name);
  }
  protected collect(): void {
    collectGarbage();
  }
  abstract dial(to: Address, o: DialOptions, h: DialHandler): { cancel(): void };
  abstract connectUdp(to: TcpAddress, source: string | null, h: UdpHandler): UdpPort;
  /** A watch on the directory sees symlink swaps, which one on the file would miss after the first. */
  watch(dir: string, f: () => void): Closer {
    const w = fsWatch(dir, { persistent: false }, () => f());
    w.on("error", () => f());
    return { close: () => w.close() };
  }
}

/**
 * Resolves as a host does: its hosts file, then DNS, which tells TTLs, then the system's own way for what needs a search list.
 * `localhost` and its like never go to a server (RFC 6761 6.3).
 */
async function hostResolve(name: string, family: 4 | 6): Promise<readonly { address: string; ttl: number }[]> {
  const listed = await hostsFileAddresses(name, family);
  if (listed.length > 0) return listed.map((address) => ({ address, ttl: LOOKUP_TTL }));
  const known = /^(.*\.)?localhost\.?$/i.test(name) ? null : await byServer(name, family);
  if (known !== null && known.length > 0) return known;
  const found = await dns.lookup(name, { family, all: true });
  return found.filter((a) => a.family === family).map((a) => ({ address: a.address, ttl: LOOKUP_TTL }));
}

async function byServer(name: string, family: 4 | 6): Promise<{ address: string; ttl: number }[] | null> {
  const resolver = new dns.Resolver({ timeout: RESOLVE_TIMEOUT_MS, tries: 2 });
  try {
    const found = family === 4 ? await resolver.resolve4(name, { ttl: true }) : await resolver.resolve6(name, { ttl: true });
    return found.map((a) => ({ address: a.address, ttl: a.ttl }));
  } catch {
    return null;
  }
}
