import { compileRegex } from "../../../router/regex.ts";
import { type Leaf, leaf, mismatch, refuse } from "./leaf.ts";
import { wantText } from "./scalar.ts";

/** Longer patterns are lists in disguise, and compile to tables that nobody expects. */
const LONGEST = 4096;
const SYNTAX = "RE2's syntax has no backreferences and no look-around, for matching must take linear time";

/** A pattern in RE2's syntax, anchored at both ends by the router. */
export const regex: Leaf<string> = leaf(
  {
    id: "Regex",
    type: "string",
    format: "regex",
    minLength: 1,
    maxLength: LONGEST,
    examples: ["/users/[0-9]+", "v[0-9]+\\.example"],
  },
  (v) => {
    if (typeof v !== "string") return wantText("a regular expression", v);
    if (v === "") return mismatch("a regular expression");
    if (v.length > LONGEST)
      return refuse(`shorten the regular expression: found ${v.length} characters, wanted at most ${LONGEST}`);
    const compiled = compileRegex(v, { ignoreCase: false });
    return "problem" in compiled ? refuse(compiled.problem, hintFor(v)) : v;
  },
);

function hintFor(pattern: string): string {
  return /\(\?<?[=!]|\\[1-9]/.test(pattern) ? SYNTAX : "";
}
