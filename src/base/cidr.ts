/** One range: the first address as 16 bytes (IPv4 mapped into IPv6) and the length of its prefix. */
interface Range {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/** A set of address ranges in CIDR form (RFC 4632, RFC 4291 2.3), such as `10.0.0.0/8`, `fd00::/8`, `127.0.0.1`; `unix` stands for unix sockets. */
export class CidrSet {
  /** Peers on unix sockets belong to it. */
  readonly hasUnix: boolean;
  readonly #ranges: readonly Range[];

  /** Throws a RangeError for a text that is no range. */
  constructor(ranges: readonly string[]) {
    this.hasUnix = ranges.includes("unix");
    this.#ranges = ranges.filter((r) => r !== "unix").map(parseRange);
  }

  get size(): number {
    return this.#ranges.length;
  }

  /** Whether the IP literal is in one of the ranges; false for what is no address. */
  has(address: string): boolean {
    const b = parseAddress(address);
    if (b === null) return false;
    for (const r of this.#ranges) if (within(b, r)) return true;
    return false;
  }

  /** Bits of the longest range that the IP literal is in, IPv4's counted on from 96; −2: it is in none. */
  longest(address: string): number {
    const b = parseAddress(address);
    let bits = -2;
    if (b === null) return bits;
    for (const r of this.#ranges) if (r.bits > bits && within(b, r)) bits = r.bits;
    return bits;
  }

  isAddress(text: string): boolean {
    return parseAddress(text) !== null;
  }
}

/** Whether the text is a range that `CidrSet` takes. */
export function isCidr(text: string): boolean {
  return text === "unix" || tryParseRange(text) !== null;
}

function parseRange(text: string): Range {
  const r = tryParseRange(text);
  if (r === null) throw new RangeError(`not an address range: "${text}"`);
  return r;
}

function tryParseRange(text: string): Range | null {
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  const bytes = parseAddress(address);
  if (bytes === null) return null;
  const v4 = !address.includes(":");
  const max = v4 ? 32 : 128;
  const length = slash < 0 ? String(max) : text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(length) || Number(length) > max) return null;
  return { bytes, bits: Number(length) + (v4 ? 96 : 0) };
}

/** An IP literal as 16 bytes, IPv4 as ::ffff:a.b.c.d; null when it is none. Brackets and zones are not part of one. */
export function parseAddress(text: string): Uint8Array | null {
  const out = new Uint8Array(16);
  if (!text.includes(":")) {
    if (!putV4(out, 12, text)) return null;
    out[10] = out[11] = 0xff;
    return out;
  }
  return putV6(out, text) ? out : null;
}

function putV4(out: Uint8Array, at: number, text: string): boolean {
  const parts = text.split(".");
  if (parts.length !== 4) return false;
  for (let i = 0; i < 4; i++) {
    const p = parts[i]!;
    if (!/^(0|[1-9]\d{0,2})$/.test(p) || Number(p) > 255) return false;
    out[at + i] = Number(p);
  }
  return true;
}

function putV6(out: Uint8Array, text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const head = groups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1]!, true) : [];
  if (head === null || tail === null) return false;
  const n = head.length + tail.length;
  if (halves.length === 2 ? n > 14 : n !== 16) return false;
  out.set(head, 0);
  out.set(tail, 16 - tail.length);
  return true;
}

/** `v4Last`: the last 32 bits may stand as IPv4. */
function groups(text: string, v4Last: boolean): number[] | null {
  if (text === "") return [];
  const out: number[] = [];
  const parts = text.split(":");
  for (let i = 0; i < parts.length; i++) {
    const p = parts[i]!;
    if (v4Last && p.includes(".") && i === parts.length - 1) {
      const v4 = new Uint8Array(4);
      if (!putV4(v4, 0, p)) return null;
      out.push(...v4);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(p)) return null;
      const v = Number.parseInt(p, 16);
      out.push(v >> 8, v & 0xff);
    }
  }
  return out;
}

function within(b: Uint8Array, r: Range): boolean {
  const whole = r.bits >> 3;
  for (let i = 0; i < whole; i++) if (b[i] !== r.bytes[i]) return false;
  const rest = r.bits & 7;
  return rest === 0 || b[whole]! >> (8 - rest) === r.bytes[whole]! >> (8 - rest);
}
