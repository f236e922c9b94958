/** A route's host, read once: `example.com`, `*.example.com` or `*`, each with `:port` when only that port is meant. */
export interface HostPattern {
  readonly kind: "exact" | "wildcard" | "any";
  /** Lower case, without port and trailing dot. A wildcard is its suffix with the leading dot; `any` is "". */
  readonly host: string;
  /** -1: whatever the port. */
  readonly port: number;
}

const PORT = /:(\d{1,5})$/;

/** Never fails: what is no pattern is an exact host that no valid authority equals. */
export function readHostPattern(s: string): HostPattern {
  const m = PORT.exec(s);
  // In `[::1]` the last colon is the address's own; behind the bracket it starts the port.
  const port = m === null || (s.startsWith("[") && !s.includes("]:")) ? -1 : Number(m[1]);
  let host = (port < 0 || m === null ? s : s.slice(0, m.index)).toLowerCase();
  if (host.endsWith(".")) host = host.slice(0, -1);
  if (host === "*") return { kind: "any", host: "", port };
  if (host.startsWith("*.")) return { kind: "wildcard", host: host.slice(1), port };
  return { kind: "exact", host, port };
}
