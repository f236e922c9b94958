import { z } from "zod";
import { isServerName } from "../../../tls/hello/server_name.ts";
import { ipAddress } from "./ip.ts";
import { type Leaf, leaf, refuse } from "./leaf.ts";
import { sansSchema } from "./san.ts";
import { bool, wantText } from "./scalar.ts";
import { filePath, protocolList, versionKeys } from "./tls_values.ts";

function dnsName(): Leaf<string> {
  return leaf({ type: "string", examples: ["app.internal"] }, (v) => {
    if (typeof v !== "string") return wantText('a name such as "app.internal"', v);
    const name = v.toLowerCase();
    if (/:\d+$/.test(name)) return refuse(`leave out the port: found ${JSON.stringify(v)}`);
    return isServerName(name) ? name : refuse(`correct the name: found ${JSON.stringify(v)}, wanted one such as "app.internal"`);
  });
}

/** `tls` of a cluster; `{}` asks for TLS with the runtime's own authorities and the endpoint's host as the name. */
export const clusterTlsSchema = z
  .strictObject({
    ca: filePath
      .optional()
      .describe("PEM file of the authorities that vouch for servers; watched. Those of the runtime when absent"),
    systemRoots: bool().optional().describe("true: the runtime's own authorities, also where defaults name a file"),
    serverName: z
      .union([ipAddress(), dnsName()])
      .optional()
      .describe("Name that is asked for and that the certificate must have; the endpoint's host when absent"),
    sans: sansSchema.optional().describe("Names of which the certificate must have one, instead of the server's name"),
    cert: filePath.optional().describe("PEM file with the certificate, and its chain, that Weir shows; watched"),
    key: filePath.optional().describe("PEM file with the key of that certificate; watched"),
    ...versionKeys,
    alpn: protocolList()
      .optional()
      .describe("Protocols in order of preference; what protocol says when absent, none where only sessions of TCP go"),
    insecureSkipVerify: bool()
      .prefault(false)
      .describe("Take any certificate: whoever stands between can read and change everything"),
  })
  .meta({ id: "ClusterTls" });

export type ClusterTlsConfig = z.output<typeof clusterTlsSchema>;
