import type { FilterExchange } from "../../filter/types.ts";

type Read = (x: FilterExchange) => unknown;

/** What a plugin can ask to be told (docs/plugin-protocol.md); undefined: there is none. */
const READ: ReadonlyMap<string, Read> = new Map<string, Read>([
  ["client.address", (x) => x.clientAddress],
  ["client.port", (x) => x.remotePort],
  ["client.certificate.subject", (x) => x.certificate?.subject],
  ["client.certificate.sha256", (x) => x.certificate?.hash],
  ["listener", (x) => x.listener],
  ["route", (x) => x.route],
  ["cluster", (x) => x.cluster || undefined],
  ["tls.version", (x) => x.tlsVersion || undefined],
  ["tls.serverName", (x) => x.serverName || undefined],
  ["request.id", (x) => x.readRequestId() || undefined],
  ["time", (x) => x.startWall],
  ["status", (x) => x.status || undefined],
  ["flags", (x) => x.flags || undefined],
  ["durationMs", (x) => x.duration],
  ["requestBytes", (x) => x.requestBodyBytes],
  ["responseBytes", (x) => x.responseBodyBytes],
  ["upstream.host", (x) => x.endpoint || undefined],
  ["grpc.status", (x) => (x.grpcStatus < 0 ? undefined : x.grpcStatus)],
  ["method", (x) => x.request.method],
  ["authority", (x) => x.request.authority],
  ["path", (x) => x.request.path],
]);
const METADATA = "metadata.";

/** Reads one attribute; null: there is no such name. */
export function attributeReader(name: string): Read | null {
  if (name.startsWith(METADATA)) {
    const namespace = name.slice(METADATA.length);
    return (x) => {
      const found = x.findMetadata(namespace);
      return found === null ? undefined : Object.fromEntries(found);
    };
  }
  return READ.get(name) ?? null;
}

/** Attributes of a phase as a JSON object. Names that are not known are left out. */
export class AttributeSet {
  readonly #reads: readonly (readonly [key: string, read: Read])[];

  constructor(names: readonly string[]) {
    this.#reads = names.flatMap((name) => {
      const read = attributeReader(name);
      return read === null ? [] : [[JSON.stringify(name), read] as const];
    });
  }

  get isEmpty(): boolean {
    return this.#reads.length === 0;
  }

  text(x: FilterExchange): string {
    let out = "{";
    for (const [key, read] of this.#reads) {
      const value = read(x);
      if (value !== undefined) out += `${out.length > 1 ? "," : ""}${key}:${JSON.stringify(value)}`;
    }
    return `${out}}`;
  }
}
