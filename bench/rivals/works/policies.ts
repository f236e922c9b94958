import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Peer, Stage } from "../peers/peer.ts";
import { copyConfig } from "../peers/weir.ts";
import { H2, KEEP_ALIVE } from "./closed_loop.ts";
import type { Work } from "./work.ts";

export const PLAIN = "plain";
export const WITH_POLICIES = "policies";
const FRAGMENT = join(import.meta.dir, "..", "weir_policies.yaml");

/** What policies cost where nothing fails: Weir against itself. */
export const POLICIES: Work = withPolicies("policies", KEEP_ALIVE);
export const POLICIES_H2: Work = withPolicies("policiesh2", H2);

function withPolicies(name: string, work: Work): Work {
  return {
    ...work,
    name,
    title: `health checks, outlier detection, breakers and retries against none of them, ${work.title}`,
    run: (peers, pace) => work.run(peers.flatMap(both), pace),
  };
}

function both(peer: Peer): readonly Peer[] {
  return [peer.withConfig?.(PLAIN, copyConfig) ?? [], peer.withConfig?.(WITH_POLICIES, writePolicies) ?? []].flat();
}

function writePolicies(stage: Stage): string {
  const file = copyConfig(stage);
  appendFileSync(file, readFileSync(FRAGMENT));
  return file;
}
