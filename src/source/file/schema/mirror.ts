import { z } from "zod";
import { off, text } from "./scalar.ts";
import { share } from "./share.ts";

const mirror = z.union([
  text(),
  z.strictObject({
    cluster: text().describe("Name of a cluster"),
    share: share().prefault("100%").describe("Part of the requests that it gets copies of"),
  }),
]);

/** `mirror` of a route: a cluster's name, one with a share, or a list of them. */
export const mirrorSchema = z.union([mirror, z.array(mirror).min(1), off()]);

export type MirrorConfig = z.output<typeof mirrorSchema>;
