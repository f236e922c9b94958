import { ipText } from "../base/ip_text.ts";

/** As the platform names peers: one text for each address, and IPv4 that is mapped into IPv6 as IPv4 (RFC 4291 2.5.5.2). */
export function hostText(sixteen: Uint8Array): string {
  return ipText(isMapped(sixteen) ? sixteen.subarray(12) : sixteen);
}

function isMapped(b: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (b[i] !== 0) return false;
  return b[10] === 0xff && b[11] === 0xff;
}
