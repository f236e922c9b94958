import { readFileSync, writeFileSync } from "node:fs";
import { REPLY_BYTES } from "../rivals/measure/ready.ts";
import type { Peer, Stage } from "../rivals/peers/peer.ts";
import { copyConfig } from "../rivals/peers/weir.ts";
import type { Language } from "./build.ts";

/** What the config of bench/rivals gets. */
export interface Change {
  /** What the route does, in place of sending on: keys of the route as YAML in flow style. */
  readonly action?: string;
  /** `filters` of the route, as YAML in flow style. */
  readonly filters?: string;
  /** Further lines. */
  readonly more?: string;
  readonly logsNothing?: boolean;
}

export const ANSWERED = `respond: { status: 200, body: "${"x".repeat(REPLY_BYTES)}" }`;

/** Weir with its config changed; null: not for this one. */
export function changed(peer: Peer, name: string, change: Change): Peer | null {
  const made = peer.withConfig?.(name, (stage) => write(stage, change));
  return made === undefined ? null : { ...made, ...(change.logsNothing === true ? { logsNothing: true } : {}) };
}

/** As where nobody pins it. */
export function onAnyCore(l: Language): readonly string[] {
  return ["taskset", "-c", "0,1", ...l.command];
}

/** The route has the plugin. */
export function withPlugin(l: Language, change: Change = {}): Change {
  const command = JSON.stringify(onAnyCore(l));
  const env = l.env === undefined ? "" : `, env: ${JSON.stringify(l.env)}`;
  return { ...change, filters: "[{ plugin: hello }]", more: `plugins: { hello: { command: ${command}${env} } }\n` };
}

const ACTION = "    to: origin\n";
const LOG = /^accessLog:[\s\S]*/m;

function write(stage: Stage, { action, filters, more = "", logsNothing }: Change): string {
  const file = copyConfig(stage);
  const filtered = filters === undefined ? "" : `    filters: ${filters}\n`;
  const route = (action === undefined ? ACTION : `    ${action}\n`) + filtered;
  const text = readFileSync(file, "utf8").replace(ACTION, route);
  writeFileSync(file, `${logsNothing === true ? text.replace(LOG, "") : text}${more}`);
  return file;
}
