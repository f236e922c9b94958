import { ProxyError, upstreamFault } from "../base/error.ts";
import type { Platform, UdpHandler, UdpPort } from "../platform/types.ts";
import type { Host } from "./types.ts";

/**
 * A port to the first of the host's addresses that there is a way to: nobody answers a connect of UDP, so that no address can be found
 * wanting later. `source` is kept where it is of the address's family. Throws what became of the last one.
 */
export function connectUdpHost(platform: Platform, h: Host, source: string | null, handler: UdpHandler): UdpPort {
  let last: unknown = null;
  for (const a of h.addresses) {
    if (a.kind === "unix" || (source !== null && source.includes(":") !== a.host.includes(":"))) continue;
    try {
      return platform.connectUdp(a, source, handler);
    } catch (e) {
      last = e;
      if (e instanceof ProxyError && e.facts.code === "noDescriptors") break;
    }
  }
  throw last ?? upstreamFault("connectFailed", 503, "always", `give ${h.label} an address that datagrams can go to: found none`);
}
