import { readFile } from "node:fs/promises";
import type { TcpAddress } from "./types.ts";

/** Where the system says whom to ask. */
const RESOLV_CONF = "/etc/resolv.conf";
const DNS_PORT = 53;
/** More than so many are not looked at (MAXNS of resolv.conf(5)). */
const MOST_SERVERS = 3;

/** The system's name servers as they are now; a host that names none has one of its own (resolv.conf(5)). */
export async function systemNameServers(): Promise<readonly TcpAddress[]> {
  const found = nameServersIn(await readFile(RESOLV_CONF, "utf8").catch(() => ""));
  return found.length > 0 ? found : [{ kind: "tcp", host: "127.0.0.1", port: DNS_PORT }];
}

/** As resolv.conf(5) says: `nameserver` and an address a line; `#` and `;` begin comments. */
export function nameServersIn(text: string): readonly TcpAddress[] {
  const servers: TcpAddress[] = [];
  for (const line of text.split("\n")) {
    const host = /^\s*nameserver\s+([0-9A-Fa-f.:]+)/.exec(line)?.[1];
    if (host !== undefined && servers.length < MOST_SERVERS) servers.push({ kind: "tcp", host, port: DNS_PORT });
  }
  return servers;
}
