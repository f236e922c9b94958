/** A request of a plugin that is refused, with the code that says why (docs/plugin-protocol.md, errors). */
export class HostCallError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
