/** The literal of an address of 4 or 16 bytes, IPv6 in its canonical form (RFC 5952 section 4). IPv4 mapped into IPv6 stays IPv6: `::ffff:10.0.0.1`. */
export function ipText(b: Uint8Array): string {
  if (b.length === 4) return b.join(".");
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((b[i]! << 8) | b[i + 1]!);
  // RFC 5952 section 5: a well-known prefix before an IPv4 address shows it as one.
  if (groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff) return `::ffff:${b.subarray(12).join(".")}`;
  const gap = longestGap(groups);
  if (gap.length === 0) return hex(groups);
  return `${hex(groups.slice(0, gap.at))}::${hex(groups.slice(gap.at + gap.length))}`;
}

/** RFC 5952 section 4.2: the first of the longest runs of zeros, and never one group alone. */
function longestGap(groups: readonly number[]): { at: number; length: number } {
  let best = { at: 0, length: 0 };
  for (let at = 0; at < groups.length; at++) {
    let end = at;
    while (groups[end] === 0) end++;
    if (end - at > Math.max(1, best.length)) best = { at, length: end - at };
    at = Math.max(at, end);
  }
  return best;
}

function hex(groups: readonly number[]): string {
  return groups.map((g) => g.toString(16)).join(":");
}
