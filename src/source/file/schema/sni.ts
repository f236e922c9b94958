import { z } from "zod";
import { toSchema } from "./action.ts";
import { duration } from "./duration.ts";
import { ipRange } from "./ip.ts";
import { type Leaf, leaf, refuse } from "./leaf.ts";
import { serverName } from "./listener_tls.ts";
import { choice, wantText } from "./scalar.ts";

/** RFC 7301 3.1: a protocol's name has 1 to 255 bytes. */
function protocolName(): Leaf<string> {
  return leaf({ type: "string", minLength: 1, maxLength: 255, examples: ["h2", "postgresql"] }, (v) => {
    if (typeof v !== "string") return wantText('the name of a protocol such as "h2"', v);
    return /^[\x21-\x7e]{1,255}$/.test(v)
      ? v
      : refuse(`name the protocol with 1 to 255 printable characters: found ${JSON.stringify(v)}`);
  });
}

/** One `sni` entry of a listener. */
export const sniSchema = z
  .strictObject({
    names: z
      .union([serverName, z.array(serverName).min(1)])
      .optional()
      .describe("Names that the client asks for; *.example.com covers any number of labels. Whatever it asks for when absent"),
    alpn: z
      .array(protocolName())
      .min(1)
      .optional()
      .describe("Protocols of which the client offers one; whatever it offers when absent"),
    from: z.array(ipRange).min(1).optional().describe("Addresses of the client; all when absent"),
    mode: choice("passthrough", "terminate")
      .prefault("passthrough")
      .describe(
        "passthrough: TLS goes to the cluster as it comes; terminate: tls ends it, and what is inside goes to the cluster",
      ),
    to: toSchema.describe("Cluster that the sessions go to, or a list with weights"),
  })
  .meta({ id: "SniRule" });

export type SniConfig = z.output<typeof sniSchema>;

export const sniRules = z
  .array(sniSchema)
  .optional()
  .describe(
    "TLS connections by what their hello asks for: the most specific entry takes a connection, what none takes goes on as without",
  );

export const detectTimeout = duration()
  .prefault("1s")
  .describe("A client that sends nothing for so long is taken to wait for a server that speaks first");
