import type { ProxyError } from "../../../../src/base/error.ts";
import type { Fields } from "../../../../src/http/fields.ts";

/** What a codec told, one line an event; pieces of a body become one, for where it was cut says nothing. */
export class Transcript {
  readonly events: string[] = [];
  /** With the texts of faults: how bytes are cut must not change them either. */
  readonly full: string[] = [];
  /** Bytes of bodies handed out. */
  bytes = 0;
  #body = false;

  add(event: string, detail = ""): void {
    this.#body = false;
    this.events.push(event);
    this.full.push(detail === "" ? event : `${event}: ${detail}`);
  }

  body(b: Uint8Array): void {
    if (b.length === 0) return;
    this.bytes += b.length;
    const text = Buffer.from(b).toString("latin1");
    if (!this.#body) {
      this.add(`body ${text}`);
      this.#body = true;
      return;
    }
    this.events[this.events.length - 1] += text;
    this.full[this.full.length - 1] += text;
  }

  fault(kind: "fault" | "reset", e: ProxyError): void {
    const { code, status, retry } = e.facts;
    this.add(`${kind} ${code} ${status}${retry === "never" ? "" : ` ${retry}`}`, e.message);
  }
}

/** Fields in the order that they would be sent in, without those that other parts of an event tell. */
export function showFields(f: Fields, without: readonly string[]): string {
  const shown: string[] = [];
  f.forEach((name, value) => {
    if (!without.includes(name.toLowerCase())) shown.push(`${name}: ${value}`);
  });
  return shown.length === 0 ? "" : ` [${shown.join(" | ")}]`;
}

export function joinText(parts: readonly Uint8Array[]): string {
  return parts.map((p) => Buffer.from(p).toString("latin1")).join("");
}
