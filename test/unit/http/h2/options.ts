import { Slab } from "../../../../src/base/slab.ts";
import { errorReply } from "../../../../src/exchange/reply.ts";
import type { H2ClientOptions } from "../../../../src/http/h2/client.ts";
import type { H2Options } from "../../../../src/http/h2/connection.ts";
import { HeaderBlock } from "../../../../src/http/h2/hpack/header_block.ts";
import { type BudgetCause, DEFAULT_H2_LIMITS, type H2Limits } from "../../../../src/http/h2/limits.ts";
import type { H2ServerOptions } from "../../../../src/http/h2/server.ts";

export type ServerSettings = Partial<Omit<H2ServerOptions, "slab" | "clock" | "block" | "limits" | "onBudget">> & {
  readonly limits?: Partial<H2Limits>;
  readonly underscores?: "drop" | "keep" | "refuse";
};
export type ClientSettings = Partial<Omit<H2ClientOptions, "slab" | "clock" | "block" | "limits" | "onBudget">> & {
  readonly limits?: Partial<H2Limits>;
};

type Ours = { readonly clock: { now: number }; readonly spent: BudgetCause[] };

const NEVER = Number.POSITIVE_INFINITY;

function common(limits: Partial<H2Limits> | undefined, underscores: "drop" | "keep" | "refuse"): H2Options & Ours {
  const all = { ...DEFAULT_H2_LIMITS, ...limits };
  const spent: BudgetCause[] = [];
  return {
    limits: all,
    block: new HeaderBlock({ fieldBytes: all.headBytes, fields: all.fields }, underscores),
    idleMs: 60_000,
    headMs: 10_000,
    stallMs: 60_000,
    keepaliveMs: NEVER,
    keepaliveTimeoutMs: 10_000,
    slab: new Slab(),
    clock: { now: 0 },
    onBudget: (cause) => spent.push(cause),
    spent,
  };
}

export function serverOptions(settings: ServerSettings = {}): H2ServerOptions & Ours {
  const { limits, underscores = "drop", ...rest } = settings;
  return {
    ...common(limits, underscores),
    mergeSlashes: false,
    scheme: "http",
    bodyMs: 30_000,
    maxRequests: NEVER,
    drainMs: 5_000,
    // As an owner does it: an error reply, of what may be answered.
    onRefused: (w, e) => {
      if (e.facts.status === 0) return;
      const reply = errorReply(e, 0);
      w.sendHead(reply.head, false);
      w.sendData(reply.body, true);
    },
    ...rest,
  };
}

export function clientOptions(settings: ClientSettings = {}): H2ClientOptions & Ours {
  const { limits, ...rest } = settings;
  return { ...common(limits, "keep"), scheme: "http", maxStreams: 100, maxRequests: NEVER, ...rest };
}
