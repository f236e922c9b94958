/** What a connection can be asked to write. */
interface Writer {
  write(parts: readonly Uint8Array[], flushed?: () => void): boolean;
}

/** What was written on a connection before its handshake was done. */
export class EarlyWrites {
  bytes = 0;
  readonly #writes: { readonly parts: readonly Uint8Array[]; readonly flushed: (() => void) | undefined }[] = [];

  write(parts: readonly Uint8Array[], flushed: (() => void) | undefined): false {
    this.#writes.push({ parts, flushed });
    for (const p of parts) this.bytes += p.length;
    return false;
  }

  /** Whether there was anything, so that `onDrain` is owed. */
  sendTo(to: Writer): boolean {
    for (const w of this.#writes) to.write(w.parts, w.flushed);
    return this.#writes.length > 0;
  }
}
