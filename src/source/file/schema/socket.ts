import { z } from "zod";
import { listenAddress } from "./address.ts";
import { duration } from "./duration.ts";
import { ipRange } from "./ip.ts";
import { type Leaf, leaf, mismatch } from "./leaf.ts";
import { bool, choice, int, off } from "./scalar.ts";

/** A token bucket. */
export const rateSchema = z.strictObject({
  perSecond: int(1, 1_000_000).describe("New connections a second"),
  burst: int(1, 1_000_000).optional().describe("As many may come at once; perSecond when absent"),
});

const proxyProtocol = z.strictObject({
  from: z
    .array(z.union([ipRange, choice("unix")]))
    .min(1)
    .describe("Proxies whose headers are believed; unix: those on a unix socket"),
  required: bool()
    .prefault(true)
    .describe("Refuse connections without a header, and all that do not come from these proxies; false: serve both as they are"),
  version: choice("v1", "v2").optional().describe("The one version that is read; both when absent"),
  timeout: duration().prefault("5s").describe("From the accept to the header's last byte"),
});

/** What a listening socket is, whatever comes through it. */
export const socketKeys = {
  backlog: int(1, 2 ** 31 - 1)
    .optional()
    .describe("Length of the accept queue; the system's maximum when absent"),
  mode: fileMode().optional().describe("File mode of a unix socket"),
  transparent: bool()
    .prefault(false)
    .describe("Take connections to any address that the firewall gives (TPROXY). Linux; takes CAP_NET_ADMIN"),
  keepalive: z.union([duration(), off()]).prefault("60s").describe("Idle time before the first TCP keepalive probe; false: off"),
  maxConnections: int(1, 2 ** 31 - 1)
    .optional()
    .describe("Connections on this listener; only the process's cap when absent"),
  connectionRate: z
    .union([int(1, 1_000_000), rateSchema])
    .optional()
    .describe("New connections a second; those above are closed unserved. No limit when absent"),
  allow: z.array(ipRange).min(1).optional().describe("Addresses of clients whose connections are accepted; all when absent"),
  proxyProtocol: proxyProtocol
    .optional()
    .describe("Read PROXY headers of the proxies in front, which tell who the client is; none when absent"),
  deny: z
    .array(ipRange)
    .min(1)
    .optional()
    .describe("Addresses of clients whose connections are closed unserved, also when allow names them"),
};

export const socketAddress = listenAddress.describe("Where to listen; without a host on every address, IPv6 and IPv4");

type SocketShape = { [K in keyof typeof socketKeys]: z.output<(typeof socketKeys)[K]> };
export type RateConfig = number | z.output<typeof rateSchema>;
export type SocketConfig = { readonly [K in keyof SocketShape]?: SocketShape[K] | undefined } & {
  readonly address: z.output<typeof socketAddress>;
  readonly keepalive: number | null;
  readonly transparent: boolean;
};

/** Octal digits, whether YAML read them as text or as a number. */
function fileMode(): Leaf<number> {
  return leaf({ anyOf: [{ type: "string", pattern: "^0?o?[0-7]{3}$" }, { type: "integer" }], examples: ["0660"] }, (v) => {
    const m = /^0?o?([0-7]{3})$/.exec(String(v));
    return m !== null ? Number.parseInt(m[1]!, 8) : mismatch('an octal file mode such as "0660"');
  });
}
