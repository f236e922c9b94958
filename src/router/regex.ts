import { RE2JS, RE2JSException } from "re2js";
import { compileLinear } from "./linear_pattern.ts";

/**
 * A pattern of RE2's syntax that must match the whole string, in time linear in the string's length. Strings are of chars below 0x100,
 * as paths and field values are: a char of the pattern beyond ASCII stands for itself and not for its UTF-8 bytes.
 */
export interface Regex {
  test(s: string): boolean;
}

export interface RegexOptions {
  readonly ignoreCase: boolean;
}

/** Compiles a pattern, or says why it is none. Both runtimes' own engines backtrack, so they only get what `compileLinear` proves. */
export function compileRegex(pattern: string, options: RegexOptions): Regex | { readonly problem: string } {
  const native = compileLinear(pattern, options.ignoreCase);
  if (native !== null) return native;
  try {
    return new Re2Regex(RE2JS.compile(pattern, options.ignoreCase ? RE2JS.CASE_INSENSITIVE : 0));
  } catch (e) {
    if (!(e instanceof RE2JSException)) throw e;
    return { problem: `write a pattern of RE2's syntax, found ${JSON.stringify(pattern)}: ${e.message}` };
  }
}

class Re2Regex implements Regex {
  readonly #re: RE2JS;

  constructor(re: RE2JS) {
    this.#re = re;
  }

  test(s: string): boolean {
    return this.#re.testExact(s);
  }
}
