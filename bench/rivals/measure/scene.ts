/** What stands on both sides of a proxy. */
export interface Scene {
  /** Clients speak TLS, with `h2` and `http/1.1` by ALPN; else HTTP/1.1 without. */
  readonly tls: boolean;
  /** `h2c`: the gRPC origin, HTTP/2 with prior knowledge; `tls`: HTTP/1.1 over TLS; `udp`: it gives datagrams back. */
  readonly origin: "h1" | "h2c" | "tls" | "udp";
  /** `tcp`: the proxy passes connections on and reads nothing of what they carry; `sni`: it reads the name in the hello of TLS; `udp`: it passes datagrams on. */
  readonly layer: "http" | "tcp" | "sni" | "udp";
}

export const CLEARTEXT: Scene = { tls: false, origin: "h1", layer: "http" };
export const TLS_TO_H1: Scene = { tls: true, origin: "h1", layer: "http" };
export const TLS_TO_H2C: Scene = { tls: true, origin: "h2c", layer: "http" };
export const RELAY: Scene = { tls: false, origin: "h1", layer: "tcp" };
export const DATAGRAMS: Scene = { tls: false, origin: "udp", layer: "udp" };
export const PASSTHROUGH: Scene = { tls: true, origin: "tls", layer: "sni" };
