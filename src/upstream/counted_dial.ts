import type { ProxyError } from "../base/error.ts";
import type { Conn, DialHandler } from "../platform/types.ts";
import type { ConnectionGate } from "./pool/connection_gate.ts";

/** A dial of a connection that no pool has: its place is given back when it fails, and otherwise by whoever gets the connection. */
export class CountedDial implements DialHandler {
  readonly #gate: ConnectionGate;
  readonly #handler: DialHandler;
  #dial: { cancel(): void } | null = null;
  #over = false;

  /** The place has been taken. */
  constructor(gate: ConnectionGate, handler: DialHandler) {
    this.#gate = gate;
    this.#handler = handler;
  }

  started(dial: { cancel(): void }): this {
    this.#dial = dial;
    return this;
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#dial?.cancel();
    this.#gate.leave();
  }

  onOpen(c: Conn): void {
    this.#over = true;
    c.setHandler(this.#handler);
    this.#handler.onOpen(c);
  }

  onClose(cause: ProxyError | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#gate.leave();
    this.#handler.onClose(cause);
  }

  // Nothing comes before onOpen, and then the connection has the other handler.
  onData(): void {}
  onDrain(): void {}
  onEnd(): void {}
}
