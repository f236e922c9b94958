import type { ChainMatchSpec, FilterChainSpec, HttpHandlerSpec, ListenerSpec } from "../config/model.ts";
import { hostKey } from "../http/authority.ts";
import type { RequestHead } from "../http/head.ts";
import { ChainTable } from "../stream/chain_table.ts";

/** What a listener does with the connection that brings a request. */
export interface ExplainedChain {
  /** null: the connection carries no requests here. */
  readonly handler: HttpHandlerSpec | null;
  readonly steps: readonly string[];
  /** What becomes of the connection when there is no handler. */
  readonly outcome: readonly string[];
}

/** `from`: the client's address; "": unknown, so that it is in no range. */
export function explainChain(listener: ListenerSpec, head: RequestHead, from: string): ExplainedChain {
  const { chains } = listener;
  const first = chains.find((c) => c.handler.kind === "http")?.handler;
  if (chains.every((c) => c.handler.kind === "http")) return { handler: first as HttpHandlerSpec, steps: [], outcome: [] };
  const table = new ChainTable<FilterChainSpec>();
  for (const c of chains) table.add(c.match, c);
  const isTls = head.scheme === "https";
  const found = table.find({
    transport: isTls ? "tls" : "plain",
    serverName: isTls ? hostKey(head.authority) : null,
    alpn: isTls ? ["h2", "http/1.1"] : ["http/1.1"],
    source: from,
  });
  const asked = isTls ? `a TLS hello for ${JSON.stringify(hostKey(head.authority))}` : "a connection in cleartext";
  if (found === null) return { handler: null, steps: [`chain for ${asked}: none`], outcome: ["has its connection refused"] };
  const steps = [`chain for ${asked}: ${matchText(found.match)}`];
  const { handler, tls } = found;
  if (handler.kind === "http") return { handler, steps, outcome: [] };
  const how = tls !== null ? "what is inside of TLS" : "its connection, as it comes,";
  const sum = handler.to.reduce((n, t) => n + t.weight, 0);
  const outcome = handler.to.map(
    (t) =>
      `${how} goes to cluster ${JSON.stringify(t.cluster)}${handler.to.length === 1 ? "" : `, ${share(t.weight, sum)} of the time`}`,
  );
  return { handler: null, steps, outcome };
}

export function share(weight: number, sum: number): string {
  return sum === 0 ? "never" : `${Math.round((weight / sum) * 10_000) / 100} %`;
}

/** The criteria in the order in which they are compared. */
function matchText(m: ChainMatchSpec): string {
  const parts: string[] = [];
  if (m.serverNames.length > 0) parts.push(`names ${m.serverNames.join(", ")}`);
  if (m.transport !== "any") parts.push(m.transport === "tls" ? "TLS" : "cleartext");
  if (m.alpn.length > 0) parts.push(`protocols ${m.alpn.join(", ")}`);
  if (m.sources.length > 0) parts.push(`from ${m.sources.join(", ")}`);
  return parts.length === 0 ? "the one that takes all the rest" : parts.join("; ");
}
