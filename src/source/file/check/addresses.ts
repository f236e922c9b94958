import { addressesOverlap, addressText, type BoundAddress } from "../../../base/address.ts";
import type { Item } from "../gather.ts";
import type { Lowering } from "../lower/lowering.ts";
import type { ProcessPart } from "../lower/process.ts";
import { placeOf } from "../source_text.ts";

interface Bound {
  readonly what: string;
  readonly address: BoundAddress;
  readonly item: Item | undefined;
}

/** Two sockets can't have one address. Told here, where both places are known. */
export function checkAddresses(
  listeners: readonly { readonly name: string; readonly bind: BoundAddress | null }[],
  rest: ProcessPart,
  to: Lowering,
): void {
  const bound: Bound[] = [];
  const add = (what: string, address: BoundAddress | null, item: Item | undefined): void => {
    if (address === null) return;
    const before = bound.find((b) => addressesOverlap(b.address, address));
    if (before === undefined) {
      bound.push({ what, address, item });
      return;
    }
    // Without a place of its own it is a default, and the one that was written is in its way.
    const now = { what, address, item };
    if (item === undefined) tell(before, now, to);
    else tell(now, before, to);
  };
  for (const { name, bind } of listeners) add(`listener ${JSON.stringify(name)}`, bind, to.gathered.listeners.get(name));
  add("admin", rest.admin, to.gathered.singles.get("admin"));
  add("observe", rest.observe, to.gathered.singles.get("observe"));
}

function tell(late: Bound, early: Bound, to: Lowering): void {
  if (late.item === undefined) return;
  const where = early.item === undefined ? "by default" : placeText(early.item, to);
  const text = addressText(early.address);
  to.reporter(late.item).error(
    ["address"],
    `give ${late.what} another address: ${early.what} has ${JSON.stringify(text)} ${where}`,
  );
}

function placeText(item: Item, to: Lowering): string {
  const place = placeOf(to.reporter(item).span(["address"]));
  return `at ${place.file}:${place.line}:${place.column}`;
}
