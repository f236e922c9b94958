import { z } from "zod";
import type { TcpAddress } from "../../../base/address.ts";
import { duration } from "./duration.ts";
import { isIp } from "./ip.ts";
import { type Leaf, leaf, mismatch, refuse } from "./leaf.ts";
import { choice } from "./scalar.ts";

const DNS_PORT = 53;
const WANTED = 'an IP address with or without a port, such as "10.0.0.53", "127.0.0.1:5353" or "[::1]:53"';

/** A name server. It has no name itself: nobody could be asked for it. */
const nameServer: Leaf<TcpAddress> = leaf({ type: "string", examples: ["10.0.0.53", "127.0.0.1:5353", "[::1]:53"] }, (v) => {
  if (typeof v !== "string") return mismatch(WANTED);
  if (isIp(v)) return { kind: "tcp", host: v, port: DNS_PORT };
  const m = /^(?:\[([^\]]+)\]|([^:]+))(?::([0-9]{1,5}))?$/.exec(v);
  const host = m?.[1] ?? m?.[2] ?? "";
  if (m === null || !isIp(host)) return mismatch(WANTED);
  const port = m[3] === undefined ? DNS_PORT : Number(m[3]);
  if (port < 1 || port > 65535) return refuse(`change the port: found ${port}, wanted 1 to 65535`);
  return { kind: "tcp", host, port };
});

/** `dns` of a cluster. */
export const dnsSchema = z.strictObject({
  families: choice("auto", "v4", "v6").prefault("auto").describe("Addresses to ask for; auto: both"),
  minTtl: duration(0).prefault("1s").describe("Keep an answer at least so long"),
  maxTtl: duration().prefault("5m").describe("Ask again after this time at the latest"),
  servers: z
    .array(nameServer)
    .prefault([])
    .describe("Name servers that alone are asked, by IP address; as the system resolves when empty"),
});
