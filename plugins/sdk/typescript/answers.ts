import { codeOf, ERROR, messageOf } from "./call_error.ts";
import type { AnyCall } from "./calls.ts";
import type { Action, Maybe, Outcome } from "./plugin.ts";
import type { Writer } from "./writer.ts";

type Json = Record<string, unknown>;

/** Answers to the host's requests, now or when a handler's promise is settled. */
export class Answers {
  readonly #writer: Writer;
  /** Calls whose handler has not answered yet. */
  readonly #open = new Map<number, AnyCall<unknown>>();

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  action(id: number, call: AnyCall<unknown>, outcome: Outcome): void {
    if (outcome instanceof Promise) this.#later(id, call, outcome, (action) => this.#action(id, action));
    else {
      call.over();
      this.#action(id, outcome);
    }
  }

  result<T>(id: number, call: AnyCall<unknown>, outcome: Maybe<T>, asResult: (of: T) => Json): void {
    if (outcome instanceof Promise) this.#later(id, call, outcome, (of) => this.done(id, asResult(of)));
    else {
      call.over();
      this.done(id, asResult(outcome));
    }
  }

  /** `code`: of the error that it becomes where it brings none; `then`: when the answer is written. */
  promise(id: number, outcome: Promise<unknown>, code: number, then?: () => void): void {
    outcome
      .then((result) => this.done(id, result as Json))
      .catch((e: unknown) => this.failed(id, codeOf(e, code), messageOf(e)))
      .then(then);
  }

  done(id: number, result: Json, place: Json | null = null, bytes: Uint8Array | null = null): void {
    this.#writer.send({ jsonrpc: "2.0", id, result }, place, bytes);
  }

  failed(id: number, code: number, message: string): void {
    this.#writer.send({ jsonrpc: "2.0", id, error: { code, message } });
  }

  /** Nobody waits for this answer any more. */
  cancel(id: number): void {
    this.#open.get(id)?.over(new DOMException("the host waits no longer", "AbortError"));
  }

  /** Calls of an exchange that is over. */
  exchangeDone(x: number): void {
    for (const call of this.#open.values()) if (call.x === x) call.over(new DOMException("the exchange is over", "AbortError"));
  }

  #later<T>(id: number, call: AnyCall<unknown>, outcome: Promise<T>, answer: (of: T) => void): void {
    this.#open.set(id, call);
    outcome
      .then((of) => {
        this.#over(id, call);
        answer(of);
      })
      .catch((e: unknown) => {
        this.#over(id, call);
        this.failed(id, codeOf(e, ERROR.failed), messageOf(e));
      });
  }

  #over(id: number, call: AnyCall<unknown>): void {
    this.#open.delete(id);
    call.over();
  }

  #action(id: number, action: Action | null | undefined): void {
    if (action == null) {
      this.done(id, {});
      return;
    }
    const { bytes, ...result } = action;
    if (action.respond?.bytes !== undefined) {
      const { bytes: body, ...respond } = action.respond;
      this.done(id, { ...result, respond }, respond, body);
    } else if (bytes === undefined) this.done(id, action as Json);
    else this.done(id, result, result, bytes);
  }
}
