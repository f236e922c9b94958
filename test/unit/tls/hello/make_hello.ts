/** What goes into a ClientHello that a test makes. Bytes are strings of chars below 0x100. */
export interface HelloWish {
  readonly version?: number;
  readonly session?: string;
  readonly suites?: readonly number[];
  readonly compressions?: string;
  /** Number and content of each extension; null: no list of extensions. */
  readonly extensions?: readonly (readonly [number, string])[] | null;
  /** Bytes behind the extensions. */
  readonly tail?: string;
}

export const SUITES: readonly number[] = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f];

export function u8(n: number): string {
  return String.fromCharCode(n & 0xff);
}

export function u16(n: number): string {
  return u8(n >> 8) + u8(n);
}

export function vec8(s: string): string {
  return u8(s.length) + s;
}

export function vec16(s: string): string {
  return u16(s.length) + s;
}

export function numbers(list: readonly number[]): string {
  return list.map(u16).join("");
}

export function sni(name: string): readonly [number, string] {
  return [0, vec16(u8(0) + vec16(name))];
}

export function alpn(...names: readonly string[]): readonly [number, string] {
  return [16, vec16(names.map(vec8).join(""))];
}

export function versions(...list: readonly number[]): readonly [number, string] {
  return [43, vec8(numbers(list))];
}

export function signatures(...list: readonly number[]): readonly [number, string] {
  return [13, vec16(numbers(list))];
}

export function groups(...list: readonly number[]): readonly [number, string] {
  return [10, vec16(numbers(list))];
}

/** A ClientHello as a handshake message. */
export function helloMessage(w: HelloWish = {}): string {
  const extensions = w.extensions === undefined ? [] : w.extensions;
  const body =
    u16(w.version ?? 0x0303) +
    "r".repeat(32) +
    vec8(w.session ?? "") +
    vec16(numbers(w.suites ?? SUITES)) +
    vec8(w.compressions ?? "\0") +
    (extensions === null ? "" : vec16(extensions.map(([type, content]) => u16(type) + vec16(content)).join(""))) +
    (w.tail ?? "");
  return message(1, body);
}

export function message(type: number, body: string): string {
  return u8(type) + u8(body.length >> 16) + u16(body.length & 0xffff) + body;
}

/** The message in records of `size` bytes each. */
export function records(text: string, size = 16 * 1024, version = 0x0301): string {
  let out = "";
  for (let at = 0; at < text.length; at += size) out += u8(22) + u16(version) + vec16(text.slice(at, at + size));
  return out;
}
