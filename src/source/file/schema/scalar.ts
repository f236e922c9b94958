import { nearMiss } from "../../../telemetry/near_miss.ts";
import { type Leaf, leaf, mismatch, type Refusal, refuse } from "./leaf.ts";

/** A string that a reference such as ${PORT} gives, for the JSON Schema of numbers and booleans. */
const REFERENCE = "\\$\\{";

export function text(json: Record<string, unknown> = {}, check?: (s: string) => string | Refusal): Leaf<string> {
  return leaf({ type: "string", ...json }, (v) => {
    if (typeof v !== "string") return wantText("a string", v);
    return check === undefined ? v : check(v);
  });
}

/** A number or a boolean where text is meant needs quotes, and YAML users often don't see why. */
export function wantText(wanted: string, found: unknown): Refusal {
  const quotable = typeof found === "number" || typeof found === "boolean";
  return mismatch(wanted, quotable ? `put quotes around it: "${found}"` : "");
}

export function int(min: number, max: number, wanted = `a whole number from ${min} to ${max}`): Leaf<number> {
  return leaf(
    {
      anyOf: [
        { type: "integer", minimum: min, maximum: max },
        { type: "string", pattern: REFERENCE },
      ],
    },
    (v) => {
      const n = typeof v === "string" && /^(0|-?[1-9][0-9]{0,15})$/.test(v) ? Number(v) : v;
      if (typeof n !== "number") return mismatch(wanted);
      if (!Number.isInteger(n) || n < min || n > max) return refuse(`change the number: found ${n}, wanted ${wanted}`);
      return n;
    },
  );
}

/** A number that need not be whole. */
export function decimal(min: number, max: number): Leaf<number> {
  const wanted = `a number from ${min} to ${max}`;
  const json = {
    anyOf: [
      { type: "number", minimum: min, maximum: max },
      { type: "string", pattern: REFERENCE },
    ],
  };
  return leaf(json, (v) => {
    const n = typeof v === "string" && /^[0-9]+(?:\.[0-9]+)?$/.test(v) ? Number(v) : v;
    if (typeof n !== "number") return mismatch(wanted);
    return n >= min && n <= max ? n : refuse(`change the number: found ${n}, wanted ${wanted}`);
  });
}

export function bool(): Leaf<boolean> {
  return leaf({ anyOf: [{ type: "boolean" }, { type: "string", pattern: REFERENCE }] }, (v) => {
    if (typeof v === "boolean") return v;
    if (v === "true") return true;
    if (v === "false") return false;
    return mismatch("true or false", v === "yes" || v === "on" ? "write true" : v === "no" || v === "off" ? "write false" : "");
  });
}

/** `false`, which switches off what has a default; reads as null. */
export function off(): Leaf<null> {
  return leaf({ const: false }, (v) => (v === false || v === "false" ? null : mismatch("false")));
}

/** One of a few words. */
export function choice<const T extends string>(...words: readonly T[]): Leaf<T> {
  const wanted = words.length === 1 ? JSON.stringify(words[0]) : `one of ${words.join(", ")}`;
  return leaf({ enum: [...words] }, (v) => {
    if (typeof v !== "string") return mismatch(wanted);
    const found = words.find((w) => w === v);
    if (found !== undefined) return found;
    const near = words.find((w) => v !== "" && w.toLowerCase().startsWith(v.toLowerCase())) ?? nearMiss(v, words);
    return mismatch(wanted, near === "" ? "" : `did you mean ${JSON.stringify(near)}?`);
  });
}
