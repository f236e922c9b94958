import { z } from "zod";
import { isServerName } from "../../../tls/hello/server_name.ts";
import { type Leaf, leaf, type Refusal, refuse } from "./leaf.ts";
import { sansSchema } from "./san.ts";
import { bool, choice, off, wantText } from "./scalar.ts";
import { certificateSchema, filePath, protocolList, versionKeys } from "./tls_values.ts";

/** A name that a client asks for; `*.` in front stands for any number of labels, as in the hosts of routes. */
export const serverName: Leaf<string> = leaf(
  { id: "ServerName", type: "string", examples: ["shop.example.com", "*.example.com"] },
  (v): string | Refusal => {
    if (typeof v !== "string") return wantText('a name such as "shop.example.com"', v);
    const name = v.toLowerCase();
    const found = `found ${JSON.stringify(v)}`;
    if (/:\d+$/.test(name)) return refuse(`leave out the port: ${found}, and a client's hello names none`);
    if (/^[0-9.]+$/.test(name) || name.includes(":"))
      return refuse(`name a host: ${found}, and a client's hello names no address (RFC 6066 3)`);
    const bare = name.startsWith("*.") ? name.slice(2) : name;
    if (!isServerName(bare))
      return refuse(`correct the name: ${found}, wanted one such as "shop.example.com" or "*.example.com"`);
    return name;
  },
);

const clientCertificates = z.strictObject({
  mode: choice("request", "require")
    .prefault("require")
    .describe("require: none without one; request: a client may leave it out, a bad one is refused all the same"),
  ca: filePath.describe("PEM file of the authorities that vouch for clients; watched"),
  allow: sansSchema
    .optional()
    .describe("Names of which the certificate must have one; when absent every certificate that an authority vouches for"),
});

const perName = {
  ...versionKeys,
  alpn: protocolList().optional().describe("Protocols in order of preference; [h2, http/1.1] when absent"),
  clientCertificates: z
    .union([clientCertificates, off()])
    .optional()
    .describe("Certificates that clients show; none are asked for when absent"),
};

/** What differs for some of the names. */
const names = z.strictObject({
  hosts: z
    .union([serverName, z.array(serverName).min(1)])
    .describe("Names that this is for; *.example.com covers any number of labels"),
  certificates: z.array(certificateSchema).min(1).optional().describe("Certificates for these names; the listener's when absent"),
  ...perName,
});

/** `tls` of a listener. */
export const listenerTlsSchema = z
  .strictObject({
    certificates: z
      .array(certificateSchema)
      .min(1)
      .describe("Certificates, chosen by the name that a client asks for, ECDSA before RSA; the first is the default"),
    unknownName: choice("default", "refuse")
      .prefault("default")
      .describe("Clients that ask for a name that no certificate has, or for none: the default certificate, or no connection"),
    ...perName,
    names: z.array(names).optional().describe("Other settings for some names; what they leave out is as above"),
    ocspStapling: bool().prefault(false).describe("Send OCSP answers along; no runtime can yet, and weir check says so"),
  })
  .meta({ id: "ListenerTls" });

export type ListenerTlsConfig = z.output<typeof listenerTlsSchema>;
export type PerNameConfig = NonNullable<ListenerTlsConfig["names"]>[number];
export type ClientCertificatesConfig = z.output<typeof clientCertificates>;
