import type { EndpointSpec } from "../../config/model.ts";
import type { Address } from "../../platform/types.ts";

/** Endpoints of one cluster: each is a host with counters, a pool and perhaps checks of its own. */
export const MAX_ENDPOINTS = 10_000;
const MOST_WEIGHT = 65_535;
const LOWEST_PRIORITY = 127;
/** Of what is not as it should be. */
const SHOWN = 200;

/** Reads an address as the config has it, or says what is wrong with it. */
export type ReadAddress = (text: string) => Address | string;

/** Reads `endpoints` of the notification of that name; a string: what is wrong, for people. Unknown members are ignored. */
export function readEndpoints(value: unknown, readAddress: ReadAddress): readonly EndpointSpec[] | string {
  if (!Array.isArray(value)) return `endpoints: send a list: found ${shown(value)}`;
  if (value.length > MAX_ENDPOINTS) return `endpoints: send ${MAX_ENDPOINTS} at most: found ${value.length}`;
  const out: EndpointSpec[] = [];
  for (const [i, raw] of value.entries()) {
    const read = readEndpoint(raw, readAddress);
    if (typeof read === "string") return `endpoints.${i}${read}`;
    out.push(read);
  }
  return out;
}

function readEndpoint(raw: unknown, readAddress: ReadAddress): EndpointSpec | string {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw))
    return `: send an object with an address: found ${shown(raw)}`;
  const { address: text, weight = 1, zone = "", priority = 0, metadata = null } = raw as Readonly<Record<string, unknown>>;
  if (typeof text !== "string") return `.address: send an address with its port: found ${shown(text)}`;
  const address = readAddress(text);
  if (typeof address === "string") return `.address: ${address}`;
  if (address.kind === "unix" && !address.path.startsWith("/") && !address.path.startsWith("\0"))
    return `.address: begin the path with a slash: found ${shown(text)}`;
  if (!isWhole(weight, 1, MOST_WEIGHT)) return `.weight: send a whole number from 1 to ${MOST_WEIGHT}: found ${shown(weight)}`;
  if (!isWhole(priority, 0, LOWEST_PRIORITY))
    return `.priority: send a whole number from 0 to ${LOWEST_PRIORITY}: found ${shown(priority)}`;
  if (typeof zone !== "string") return `.zone: send a string: found ${shown(zone)}`;
  const labels = readLabels(metadata);
  return typeof labels === "string" ? `.metadata${labels}` : { address, weight, metadata: labels, zone, priority };
}

function readLabels(raw: unknown): ReadonlyMap<string, string> | string {
  if (raw === null) return NO_LABELS;
  if (typeof raw !== "object" || Array.isArray(raw)) return `: send an object of strings: found ${shown(raw)}`;
  const labels = new Map<string, string>();
  for (const [name, value] of Object.entries(raw)) {
    if (typeof value !== "string") return `.${name}: send a string: found ${shown(value)}`;
    labels.set(name, value);
  }
  return labels;
}

const NO_LABELS: ReadonlyMap<string, string> = new Map();

function isWhole(v: unknown, least: number, most: number): v is number {
  return typeof v === "number" && Number.isInteger(v) && v >= least && v <= most;
}

function shown(v: unknown): string {
  return v === undefined ? "none" : JSON.stringify(v).slice(0, SHOWN);
}
