import { latin1 } from "../../../../../src/base/bytes.ts";
import type { DynamicTable } from "../../../../../src/http/h2/hpack/dynamic_table.ts";

/** The table's entries as `name: value`, the newest first. */
export function entriesOf(t: DynamicTable): string[] {
  return Array.from({ length: t.count }, (_, i) => {
    const slot = t.slotOf(t.inserted - i);
    const at = t.lineAt(slot);
    const end = at + t.nameLength(slot) + 2 + t.valueLength(slot);
    const line = latin1(t.bytes, at, end + 2);
    // In the form in which it goes out.
    if (line.slice(t.nameLength(slot)).startsWith(": ") && line.endsWith("\r\n")) return line.slice(0, -2);
    return `no line: ${JSON.stringify(line)}`;
  });
}
