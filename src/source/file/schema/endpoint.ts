import { z } from "zod";
import { dialAddress } from "./address.ts";
import { int, text } from "./scalar.ts";

const endpoint = z.strictObject({
  address: dialAddress.describe("host:port or unix:/path; a host name is resolved again when its records expire"),
  weight: int(0, 65535).prefault(1).describe("Its share of the sum of all weights; 0: no traffic"),
  metadata: z.record(z.string(), text()).optional().describe("Labels of the endpoint, by which routes may ask for subsets"),
  zone: text().prefault("").describe("Label of the place where it runs, for sharing.zones"),
  priority: int(0, 127).prefault(0).describe("Level of the endpoint, 0 the highest: a level takes what those above it can't"),
});

/** One of `endpoints`, in the config or in a file of endpoints. */
export const endpointSchema = z.union([dialAddress, endpoint]);

export type EndpointConfig = z.output<typeof endpointSchema>;
