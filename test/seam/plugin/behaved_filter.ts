import { encodeLatin1, latin1 } from "../../../src/base/bytes.ts";
import { BodyGatherer } from "../../../src/filter/body_gatherer.ts";
import {
  type BodyOut,
  Fields,
  type Filter,
  type FilterExchange,
  forgetLength,
  HOLD,
  RESET,
  redirectTo,
  reply,
} from "../../../src/filter/module_api.ts";
import type { Answer, HeadAnswer, Verdict } from "../../../src/filter/types.ts";
import type { FilterModule } from "../../../src/filters/module/kind.ts";
import type { RequestHead, ResponseHead } from "../../../src/http/head.ts";
import type { Act, Behaviour, Buffered, Pairs, Streamed, Told } from "./behaviour.ts";

/** A behaviour as a filter's module, written with what docs/filters.md offers. */
export function behavedModule(b: Behaviour): FilterModule {
  return {
    provision: (_config, env) => {
      let ticking = b.tick !== undefined;
      const tick = (): void => {
        if (!ticking) return;
        env.setTimer(b.tick!.everyMs, () => {
          if (ticking) b.tick!.tick(env.wallNow());
          tick();
        });
      };
      tick();
      return {
        open: () => filterOf(b),
        close: () => {
          ticking = false;
        },
      };
    },
  };
}

function filterOf(b: Behaviour): Filter {
  const { requestBody, responseBody } = b;
  const request = bodyPhase(requestBody);
  const response = bodyPhase(responseBody);
  let head: ResponseHead | null = null;
  return {
    ...(b.requestHead === undefined && request === null
      ? {}
      : {
          onRequest: (x: FilterExchange, end: boolean): HeadAnswer => {
            const act = b.requestHead?.(toldOf(x, x.request, 0, end)) ?? {};
            if (act.hangs === true) return new Promise<null>(() => {});
            const v = verdictOf(x, act) ?? changeRequest(x, act);
            if (v !== null || request === null) return v;
            return end || act.leavesBody === true ? null : request.hold(x.request, (y, whole) => changeRequest(y, whole));
          },
        }),
    ...(request === null
      ? {}
      : {
          onRequestData: (x: FilterExchange, piece: Uint8Array, end: boolean, out: BodyOut): Answer =>
            request.data(x, piece, end, out),
          onRequestTrailers: (x: FilterExchange, f: Fields, out: BodyOut): Answer => request.trailers(x, f, out),
        }),
    ...(b.chooseHost === undefined
      ? {}
      : {
          onChooseHost: (_x, c) => {
            const said = b.chooseHost!(c);
            if (said !== null && typeof said === "object") throw new Error(said.fails);
            return said;
          },
        }),
    ...(b.responseHead === undefined && response === null
      ? {}
      : {
          onResponse: (x: FilterExchange, h: ResponseHead, end: boolean): HeadAnswer => {
            head = h;
            const act = b.responseHead?.(toldOf(x, null, h.status, end, h)) ?? {};
            const v = verdictOf(x, act) ?? changeResponse(x, h, act);
            if (v !== null || response === null) return v;
            return end || act.leavesBody === true ? null : response.hold(h, (y, whole) => changeResponse(y, head!, whole));
          },
        }),
    ...(response === null
      ? {}
      : {
          onResponseData: (x: FilterExchange, piece: Uint8Array, end: boolean, out: BodyOut): Answer =>
            response.data(x, piece, end, out),
          onResponseTrailers: (x: FilterExchange, f: Fields, out: BodyOut): Answer => response.trailers(x, f, out),
        }),
    ...(b.log === undefined
      ? {}
      : { onDone: (x) => b.log!({ ...attributesOf(x), method: x.request.method, path: x.request.path }) }),
  };
}

/** What ends the exchange, or answers it. */
function verdictOf(x: FilterExchange, { fails, reset, respond, redirect, metadata }: Act): Verdict {
  if (fails !== undefined) throw new Error(fails);
  if (reset !== undefined || respond !== undefined || redirect !== undefined) tell(x, { metadata });
  if (reset === true) return RESET;
  if (respond !== undefined)
    return reply(respond.status, encodeLatin1(respond.body ?? ""), Object.fromEntries(respond.fields ?? []));
  if (redirect !== undefined) return redirectTo(redirect.location, redirect.status);
  return null;
}

function changeRequest(x: FilterExchange, a: Act): HeadVerdictOfChange {
  const { method, path, authority, scheme } = a;
  const fault = x.changeRequest({
    ...(method === undefined ? {} : { method }),
    ...(path === undefined ? {} : { path }),
    ...(authority === undefined ? {} : { authority }),
    ...(scheme === undefined ? {} : { scheme }),
  });
  if (fault !== null) throw new Error(fault);
  applyFields(x.request.fields, a);
  if (a.timeoutMs !== undefined) x.shortenTimeout(a.timeoutMs);
  if (a.cluster !== undefined) x.override.cluster = a.cluster;
  if (a.host !== undefined) x.override.host = a.host;
  tell(x, a);
  return a.body === undefined ? null : { replace: encodeLatin1(a.body) };
}

type HeadVerdictOfChange = { readonly replace: Uint8Array } | null;

function changeResponse(x: FilterExchange, h: ResponseHead, a: Act): HeadVerdictOfChange {
  if (a.status !== undefined) h.status = a.status;
  applyFields(h.fields, a);
  tell(x, a);
  return a.body === undefined ? null : { replace: encodeLatin1(a.body) };
}

function applyFields(fields: Fields, { fields: changes = [] }: Act): void {
  for (const c of changes) {
    if (c[0] === "set") fields.set(c[1], c[2]);
    else if (c[0] === "add") fields.add(c[1], c[2]);
    else fields.remove(c[1]);
  }
}

function tell(x: FilterExchange, { metadata = {} }: { readonly metadata?: Act["metadata"] | undefined }): void {
  for (const [namespace, values] of Object.entries(metadata)) {
    const m = x.metadata(namespace);
    m.clear();
    for (const [key, value] of Object.entries(values)) m.set(key, value);
  }
}

type Head = RequestHead | ResponseHead;

interface BodyPhase {
  /** `change`: what an answer to a whole body says of the head. */
  hold(h: Head, change: (x: FilterExchange, a: Act) => HeadVerdictOfChange): typeof HOLD | null;
  data(x: FilterExchange, b: Uint8Array, end: boolean, out: BodyOut): Answer;
  trailers(x: FilterExchange, f: Fields, out: BodyOut): Answer;
}

function bodyPhase(phase: Buffered | Streamed | undefined): BodyPhase | null {
  if (phase === undefined) return null;
  return phase.mode === "buffered" ? bufferedPhase(phase) : streamedPhase(phase);
}

function bufferedPhase(phase: Buffered): BodyPhase {
  let gatherer: BodyGatherer | null = null;
  return {
    hold: (_h, change) => {
      gatherer = new BodyGatherer({
        limit: phase.limit,
        whole: (x, body, trailers, out): Verdict => {
          if (body.length === 0 && trailers === null) return null;
          const act = phase.whole(latin1(body, 0, body.length), trailers === null ? null : pairsOf(trailers));
          const v = verdictOf(x, act);
          if (v !== null) return v;
          const changed = change(x, act);
          if (changed !== null) out.replace(changed.replace, trailers ?? undefined);
          return null;
        },
      });
      return HOLD;
    },
    data: (x, b, end, out) => {
      if (gatherer !== null) return gatherer.data(x, b, end, out);
      out.write(b);
      return null;
    },
    trailers: (x, f, out) => (gatherer === null ? null : gatherer.trailers(x, f, out)),
  };
}

function streamedPhase(phase: Streamed): BodyPhase {
  let body: ReturnType<Streamed["open"]> | null = null;
  let over = false;
  const give = (text: string, end: boolean, trailers: Pairs | null, out: BodyOut): void => {
    for (const o of body!.piece(text, end, trailers)) {
      if ("write" in o) out.write(encodeLatin1(o.write));
      else {
        over = true;
        if ("end" in o) {
          if (o.trailers !== undefined) out.end(Fields.of(...o.trailers.flat()));
          else if (trailers === null) out.end();
        } else if ("pass" in o) {
          body = null;
          out.write(encodeLatin1(text));
        } else throw new Error(o.fails);
      }
    }
  };
  return {
    hold: (h) => {
      body = phase.open();
      forgetLength(h);
      return null;
    },
    data: (_x, b, end, out) => {
      if (body === null) out.write(b);
      else if (!over) give(latin1(b, 0, b.length), end, null, out);
    },
    trailers: (_x, f, out) => {
      if (body !== null && !over) give("", true, pairsOf(f), out);
    },
  };
}

function toldOf(x: FilterExchange, head: RequestHead | null, status: number, end: boolean, h?: ResponseHead): Told {
  return {
    method: head?.method ?? "",
    scheme: head?.scheme ?? "",
    authority: head?.authority ?? "",
    path: head?.path ?? "",
    status,
    fields: pairsOf((head ?? h)!.fields),
    end,
    attributes: attributesOf(x),
  };
}

function attributesOf(x: FilterExchange): Record<string, unknown> {
  const seen = x.findMetadata("seen");
  return {
    "client.address": x.clientAddress,
    listener: x.listener,
    route: x.route,
    ...(x.cluster === "" ? {} : { cluster: x.cluster }),
    ...(x.status === 0 ? {} : { status: x.status }),
    ...(seen === null ? {} : { "metadata.seen": Object.fromEntries(seen) }),
  };
}

function pairsOf(f: Fields): Pairs {
  const out: [string, string][] = [];
  f.forEach((name, value) => {
    out.push([name.toLowerCase(), value]);
  });
  return out;
}
