import { weirFrom } from "../../rivals/peers/weir.ts";
import type { Setup } from "./work.ts";

/** Weir of the checkout that this one is held against; null: there is none, or the executable is measured, of which there is one. */
export function otherWeir({ home, against }: Setup): ReturnType<typeof weirFrom> | null {
  return against === null || home === "dist" ? null : weirFrom(against, home, "other");
}
