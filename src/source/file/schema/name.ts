import { type Leaf, leaf, type Refusal, refuse } from "./leaf.ts";
import { wantText } from "./scalar.ts";

const LONGEST = 200;

/** A name that logs and metric labels carry: printable and short. */
export function label(of: string): Leaf<string> {
  return leaf({ type: "string", minLength: 1, maxLength: LONGEST }, (v) =>
    typeof v === "string" ? readLabel(v, of) : wantText(`a name for the ${of}`, v),
  );
}

export function readLabel(name: string, of: string): string | Refusal {
  if (name === "" || name.length > LONGEST) return refuse(`name the ${of} with 1 to ${LONGEST} characters: found ${name.length}`);
  if (/[\0-\x1f\x7f]/.test(name)) return refuse(`remove the control character from the name: found ${JSON.stringify(name)}`);
  return name;
}

/** A name that also becomes a file's: letters, digits, `-`, `_`, `.`. */
export function fileLabel(): Leaf<string> {
  const pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$";
  return leaf({ type: "string", pattern }, (v) => {
    if (typeof v !== "string") return wantText("a name", v);
    return new RegExp(pattern).test(v)
      ? v
      : refuse(`name it with letters, digits, "-", "_" and ".", at most 63: found ${JSON.stringify(v)}`);
  });
}
