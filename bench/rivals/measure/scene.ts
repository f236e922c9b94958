/** What stands on both sides of a proxy. */
export interface Scene {
  /** TLS towards clients, with `h2` and `http/1.1` by ALPN; else HTTP/1.1 without. */
  readonly tls: boolean;
  /** `h2c`: the gRPC origin, HTTP/2 with prior knowledge. */
  readonly origin: "h1" | "h2c";
  /** `tcp`: the proxy passes connections on and reads nothing of what they carry. */
  readonly layer: "http" | "tcp";
}

export const CLEARTEXT: Scene = { tls: false, origin: "h1", layer: "http" };
export const TLS_TO_H1: Scene = { tls: true, origin: "h1", layer: "http" };
export const TLS_TO_H2C: Scene = { tls: true, origin: "h2c", layer: "http" };
export const RELAY: Scene = { tls: false, origin: "h1", layer: "tcp" };
