import { z } from "zod";
import type { SanMatchSpec } from "../../../config/tls_model.ts";
import { isServerName } from "../../../tls/hello/server_name.ts";
import { ipAddress } from "./ip.ts";
import { type Leaf, leaf, refuse } from "./leaf.ts";
import { wantText } from "./scalar.ts";

/** SPIFFE-ID 2: a trust domain, then segments of a path. */
const SPIFFE = /^spiffe:\/\/[a-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/;
const URI = /^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/;

/** A DNS name in a certificate; `*.` in front stands for one label. */
function dnsSan(): Leaf<SanMatchSpec> {
  return leaf({ type: "string", examples: ["client.example.com", "*.clients.example.com"] }, (v) => {
    if (typeof v !== "string") return wantText('a DNS name such as "client.example.com"', v);
    const value = v.toLowerCase();
    const wild = value.startsWith("*.");
    if (!isServerName(wild ? value.slice(2) : value))
      return refuse(
        `correct the DNS name: found ${JSON.stringify(v)}, wanted one such as "client.example.com" or "*.example.com"`,
      );
    return { type: "dns", match: wild ? "oneLabel" : "exact", value };
  });
}

/** A URI in a certificate; a `*` for its last segment stands for all that begins so. */
function uriSan(): Leaf<SanMatchSpec> {
  return leaf({ type: "string", examples: ["spiffe://example.org/ns/shop/sa/web", "spiffe://example.org/ns/shop/*"] }, (v) => {
    if (typeof v !== "string") return wantText('a URI such as "spiffe://example.org/ns/shop/sa/web"', v);
    const prefix = v.endsWith("/*");
    const value = prefix ? v.slice(0, -1) : v;
    const found = `found ${JSON.stringify(v)}`;
    if (value.includes("*")) return refuse(`place the "*" last, behind a slash: ${found}`);
    if (!URI.test(value)) return refuse(`correct the URI: ${found}, wanted one such as "spiffe://example.org/ns/shop/sa/web"`);
    if (/^spiffe:/.test(value) && !SPIFFE.test(prefix ? value.slice(0, -1) : value))
      return refuse(
        `correct the SPIFFE ID: ${found}, wanted a trust domain in small letters and a path, without a slash at the end`,
      );
    // Without a host, or without an end to it, anybody could have a URI that begins so.
    if (prefix && !/^[a-z][a-z0-9+.-]*:\/\/[^/]+\//.test(value)) return refuse(`name the host before the "*": ${found}`);
    return { type: "uri", match: prefix ? "prefix" : "exact", value };
  });
}

function ipSan() {
  return ipAddress().transform((value): SanMatchSpec => ({ type: "ip", match: "exact", value }));
}

/** Names of which a certificate must have one. */
export const sansSchema = z
  .strictObject({
    dns: z.array(dnsSan()).min(1).optional().describe("DNS names; *.example.com stands for one label"),
    uri: z.array(uriSan()).min(1).optional().describe("URIs such as SPIFFE IDs; /* at the end stands for all that begins so"),
    ip: z.array(ipSan()).min(1).optional().describe("IP addresses"),
  })
  .meta({ id: "Sans" });

export type SansConfig = z.output<typeof sansSchema>;
