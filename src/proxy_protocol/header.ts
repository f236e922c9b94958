import type { Address } from "../base/address.ts";
import type { Tlv } from "../base/tlv.ts";

/** What a proxy says of a connection before the first byte of it (HAProxy's proxy-protocol.txt). */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /** null: the connection's own ends are meant, for it is the proxy's own, or of a kind that can't be said. */
  readonly ends: ProxiedEnds | null;
  /** As sent, without checksum and padding. */
  readonly tlvs: readonly Tlv[];
}

/** Both ends of the connection that the proxy took. */
export interface ProxiedEnds {
  /** The client's. */
  readonly source: Address;
  /** Where the client went. */
  readonly destination: Address;
}

/** What a reader makes of a connection's first bytes. */
export type HeaderAnswer =
  | { readonly kind: "more" }
  /** They begin no header. */
  | { readonly kind: "none"; readonly unread: Uint8Array }
  | { readonly kind: "header"; readonly header: ProxyHeader; readonly unread: Uint8Array }
  | { readonly kind: "fault"; readonly reason: string };

export type HeaderFault = Extract<HeaderAnswer, { kind: "fault" }>;

export function headerFault(reason: string): HeaderFault {
  return { kind: "fault", reason };
}

/** 2.2: the twelve bytes that no other protocol begins with. */
export const V2_SIGNATURE: Uint8Array = Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10);
/** 2.2: signature, version and command, family and transport, length of what follows. */
export const V2_FIXED_BYTES = 16;
/** 2.2: bytes of a path in an AF_UNIX address. */
export const UNIX_BYTES = 108;
/** 2.2: PROXY of version 2. */
export const V2_PROXY = 0x21;
/** 2.2: LOCAL of version 2. */
export const V2_LOCAL = 0x20;

/** 2.2: address family and transport in one byte. */
export const FAMILY = {
  unspecified: 0x00,
  tcp4: 0x11,
  udp4: 0x12,
  tcp6: 0x21,
  udp6: 0x22,
  unixStream: 0x31,
  unixDatagram: 0x32,
} as const;

/** 2.2: registered types of TLVs that mean something here. */
export const TLV = {
  alpn: 0x01,
  authority: 0x02,
  crc32c: 0x03,
  noop: 0x04,
  uniqueId: 0x05,
  ssl: 0x20,
  netns: 0x30,
} as const;
