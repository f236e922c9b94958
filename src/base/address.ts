/** Where to listen or to dial. A TCP host is an IP literal without brackets; "" means every address (dual-stack, IPv4 alone where there is no IPv6). */
export type Address = TcpAddress | UnixAddress;
export interface TcpAddress {
  readonly kind: "tcp";
  readonly host: string;
  /** 0 to 65535; 0 lets the system choose when listening. */
  readonly port: number;
}
export interface UnixAddress {
  readonly kind: "unix";
  /** A path, or an abstract name that starts with NUL. */
  readonly path: string;
}
