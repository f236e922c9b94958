import type { ListenerSpec } from "../../../config/model.ts";
import type { Address } from "../../../platform/types.ts";
import type { Item } from "../gather.ts";
import type { Lowering } from "../lower/lowering.ts";
import type { ProcessPart } from "../lower/process.ts";
import { addressText } from "../schema/address.ts";
import { placeOf } from "../source_text.ts";

interface Bound {
  readonly what: string;
  readonly address: Address;
  readonly item: Item | undefined;
}

/** Two sockets can't have one address. Told here, where both places are known. */
export function checkAddresses(listeners: ReadonlyMap<string, ListenerSpec>, rest: ProcessPart, to: Lowering): void {
  const bound: Bound[] = [];
  const add = (what: string, address: Address | null, item: Item | undefined): void => {
    if (address === null) return;
    const before = bound.find((b) => overlap(b.address, address));
    if (before === undefined) {
      bound.push({ what, address, item });
      return;
    }
    // Without a place of its own it is a default, and the one that was written is in its way.
    const [late, early] = item === undefined ? [before, { what, item }] : [{ what, item }, before];
    tell(late.what, late.item, early.what, early.item, address, to);
  };
  for (const [name, l] of listeners) add(`listener ${JSON.stringify(name)}`, l.bind, to.gathered.listeners.get(name));
  add("admin", rest.admin, to.gathered.singles.get("admin"));
  add("observe", rest.observe, to.gathered.singles.get("observe"));
}

function tell(
  what: string,
  item: Item | undefined,
  other: string,
  otherItem: Item | undefined,
  address: Address,
  to: Lowering,
): void {
  if (item === undefined) return;
  const report = to.reporter(item);
  const where = otherItem === undefined ? "by default" : placeText(otherItem, to);
  report.error(["address"], `give ${what} another address: ${other} has ${JSON.stringify(addressText(address))} ${where}`);
}

function placeText(item: Item, to: Lowering): string {
  const place = placeOf(to.reporter(item).span(["address"]));
  return `at ${place.file}:${place.line}:${place.column}`;
}

function overlap(a: Address, b: Address): boolean {
  if (a.kind === "unix" || b.kind === "unix") return a.kind === "unix" && b.kind === "unix" && a.path === b.path;
  if (a.port !== b.port || a.port === 0) return false;
  if (a.host === b.host || a.host === "" || b.host === "") return true;
  const sixes = a.host.includes(":");
  if (sixes !== b.host.includes(":")) return false;
  const any = sixes ? "::" : "0.0.0.0";
  return a.host === any || b.host === any;
}
