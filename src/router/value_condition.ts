import { equalsIgnoreCase, latin1 } from "../base/bytes.ts";
import type { ValueMatchSpec } from "../config/model.ts";
import { type Fields, STRIDE } from "../http/fields.ts";
import type { RequestHead } from "../http/head.ts";
import { knownIdOf } from "../http/names.ts";
import { queryValue, wireText } from "./byte_text.ts";
import { compileRegex, type Regex } from "./regex.ts";

/** One condition on a header or a query parameter, ready to be asked. */
export interface ValueTest {
  readonly spec: ValueMatchSpec;
  /** The value that the condition looks at, null when the request has none. */
  read(head: RequestHead): string | null;
  holds(head: RequestHead): boolean;
}

/**
 * What a condition says of a value. A value that is not there meets `absent` alone, or `present` inverted: no other test holds for it,
 * inverted or not, as in Envoy. A pattern that does not compile never holds.
 */
class ValueRule {
  readonly kind: ValueMatchSpec["kind"];
  readonly wanted: string;
  readonly invert: boolean;
  readonly regex: Regex | null;

  constructor(spec: ValueMatchSpec) {
    this.kind = spec.kind;
    this.wanted = wireText(spec.value);
    this.invert = spec.invert;
    const regex = spec.kind === "regex" ? compileRegex(spec.value, { ignoreCase: false }) : null;
    this.regex = regex === null || "problem" in regex ? null : regex;
  }

  holds(value: string | null): boolean {
    switch (this.kind) {
      case "present":
        return (value !== null) !== this.invert;
      case "absent":
        return (value === null) !== this.invert;
    }
    if (value === null) return false;
    switch (this.kind) {
      case "exact":
        return (value === this.wanted) !== this.invert;
      case "prefix":
        return value.startsWith(this.wanted) !== this.invert;
      case "suffix":
        return value.endsWith(this.wanted) !== this.invert;
      case "regex":
        return this.regex !== null && this.regex.test(value) !== this.invert;
    }
  }
}

class HeaderTest implements ValueTest {
  readonly spec: ValueMatchSpec;
  readonly #rule: ValueRule;
  readonly #name: string;
  readonly #id: number;

  constructor(spec: ValueMatchSpec) {
    this.spec = spec;
    this.#rule = new ValueRule(spec);
    this.#name = spec.name.toLowerCase();
    this.#id = knownIdOf(this.#name);
  }

  read(head: RequestHead): string | null {
    return joinedField(head.fields, this.#name, this.#id);
  }

  holds(head: RequestHead): boolean {
    return this.#rule.holds(joinedField(head.fields, this.#name, this.#id));
  }
}

/** Envoy's names for what is no field in HTTP/1.1; `host` means the authority too, wherever the protocol carried it. */
class PseudoHeaderTest implements ValueTest {
  readonly spec: ValueMatchSpec;
  readonly #rule: ValueRule;
  readonly #read: (head: RequestHead) => string | null;

  constructor(spec: ValueMatchSpec, read: (head: RequestHead) => string | null) {
    this.spec = spec;
    this.#rule = new ValueRule(spec);
    this.#read = read;
  }

  read(head: RequestHead): string | null {
    return this.#read(head);
  }

  holds(head: RequestHead): boolean {
    return this.#rule.holds(this.#read(head));
  }
}

class QueryTest implements ValueTest {
  readonly spec: ValueMatchSpec;
  readonly #rule: ValueRule;
  readonly #name: string;

  constructor(spec: ValueMatchSpec) {
    this.spec = spec;
    this.#rule = new ValueRule(spec);
    this.#name = wireText(spec.name);
  }

  read(head: RequestHead): string | null {
    return queryValue(head.path, head.path.indexOf("?"), this.#name);
  }

  holds(head: RequestHead): boolean {
    return this.#rule.holds(this.read(head));
  }
}

const PSEUDO: ReadonlyMap<string, (head: RequestHead) => string | null> = new Map([
  [":method", (head: RequestHead) => head.method],
  [":path", (head: RequestHead) => head.path],
  [":scheme", (head: RequestHead) => head.scheme],
  [":authority", authorityOf],
  ["host", authorityOf],
]);

function authorityOf(head: RequestHead): string | null {
  return head.authority === "" ? null : head.authority;
}

export function headerTest(spec: ValueMatchSpec): ValueTest {
  const pseudo = PSEUDO.get(spec.name.toLowerCase());
  return pseudo === undefined ? new HeaderTest(spec) : new PseudoHeaderTest(spec, pseudo);
}

export function queryTest(spec: ValueMatchSpec): ValueTest {
  return new QueryTest(spec);
}

/** All values of the field joined by `,` as Envoy does; one value is that value, none is null. Makes one string, and none when absent. */
export function joinedField(fields: Fields, lower: string, id: number): string | null {
  if (id > 0 && !fields.hasId(id)) return null;
  const { raw, spans, added } = fields;
  let value: string | null = null;
  for (let i = 0; i < spans.length; i += STRIDE) {
    if (id > 0 ? spans[i + 4] !== id : spans[i + 4] !== 0 || !equalsIgnoreCase(raw, spans[i]!, spans[i + 1]!, lower)) continue;
    const next = latin1(raw, spans[i + 2]!, spans[i + 3]!);
    value = value === null ? next : `${value},${next}`;
  }
  if (added === null) return value;
  for (let i = 0; i < added.length; i += 2) {
    if (added[i]!.toLowerCase() === lower) value = value === null ? added[i + 1]! : `${value},${added[i + 1]!}`;
  }
  return value;
}
