import type { FilterRun } from "../filter/filter_run.ts";
import { changeRequest, type RequestChange } from "../filter/request_change.ts";
import type { Reply } from "../filter/types.ts";
import { grpcStatusIn } from "../http/grpc/status.ts";
import { ExchangeTimes } from "./exchange_times.ts";
import { finishReply } from "./reply.ts";

/** What filters change of an exchange's request. */
export abstract class ChangedExchange extends ExchangeTimes {
  /** null: no filter has to do with it. */
  protected run: FilterRun | null = null;
  /** What of the path its route matched; null: a filter has moved the path out of it. */
  protected matchedPrefix: string | null = "";
  /** It is a call of gRPC. */
  grpc = false;

  changeRequest(change: RequestChange): string | null {
    const { site, rule } = this;
    return changeRequest(this.head, change, {
      mergeSlashes: site.spec.paths.mergeSlashes,
      refusedPath: rule!.refusedPath,
      pathBytes: site.spec.limits.requestLineBytes,
    });
  }

  readRequestId(): string {
    if (this.requestId === "") this.requestId = this.site.forwarded.readRequestId(this.peer, this.head.fields);
    return this.requestId;
  }

  /** Runs `f` as an event of its own: what it makes connections send leaves at its end. */
  event(f: () => void): void {
    const { flusher } = this.site.link;
    flusher.enter();
    try {
      f();
    } finally {
      flusher.leave();
    }
  }

  /** A filter's reply, as it is sent: no upstream's from here on. */
  protected answered(r: Reply): Reply {
    const reply = finishReply(r, this.site.wall());
    if (r.code !== undefined) this.note(r.code);
    if (this.grpc) this.grpcStatus = grpcStatusIn(r.head.fields);
    return reply;
  }

  /** What filters wrote into the head themselves is held to the same rules; null: it keeps them. */
  protected headFault(end: boolean): string | null {
    const { head } = this;
    const { method, path, authority, scheme } = head;
    // RFC 9110 9.3.8: who takes it for granted that TRACE has no content reads it as a request.
    if (method === "TRACE" && !end) return "leave the body out, or TRACE: it has none (RFC 9110 9.3.8)";
    if (method === this.method && path === this.path && authority === this.authority && scheme === this.scheme) return null;
    head.method = this.method;
    head.path = this.path;
    head.authority = this.authority;
    head.scheme = this.scheme;
    // Of those that stay Host stays as it is written.
    const fault = this.changeRequest(
      authority === this.authority ? { method, scheme, path } : { method, scheme, path, authority },
    );
    if (head.path !== this.path && !head.path.startsWith(this.matchedPrefix ?? "")) this.matchedPrefix = null;
    return fault;
  }
}
