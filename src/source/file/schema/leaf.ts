import { z } from "zod";

/** What a leaf tells of a value that it does not take. */
export interface LeafFacts {
  /** Set when the value is of another kind altogether: `a duration such as "5s"`. */
  readonly wanted?: string;
  readonly hint?: string;
}

/** A refusal by a leaf's parser. */
export class Refusal {
  readonly message: string;
  readonly facts: LeafFacts;

  constructor(message: string, facts: LeafFacts) {
    this.message = message;
    this.facts = facts;
  }
}

/** The value is of the right kind and wrong in itself. */
export function refuse(message: string, hint = ""): Refusal {
  return new Refusal(message, { hint });
}

/** The value is of another kind: the message is made of what was found and what was wanted. */
export function mismatch(wanted: string, hint = ""): Refusal {
  return new Refusal("", { wanted, hint });
}

export type Leaf<T> = z.ZodPipe<z.ZodUnknown, z.ZodTransform<T, unknown>>;

/** A schema of one value: how it is read, and what editors are told of it. */
export function leaf<T>(json: Record<string, unknown>, parse: (value: unknown) => T | Refusal): Leaf<T> {
  return z
    .unknown()
    .transform((value, context): T => {
      const parsed = parse(value);
      if (!(parsed instanceof Refusal)) return parsed;
      context.issues.push({ code: "custom", message: parsed.message, params: { ...parsed.facts }, input: value });
      return z.NEVER;
    })
    .meta(json);
}
