import { RE2JS, RE2JSException } from "re2js";

/** A pattern of RE2's syntax that must match the whole string, in time linear in the string's length. */
export interface Regex {
  test(s: string): boolean;
}

export interface RegexOptions {
  readonly ignoreCase: boolean;
}

/** Compiles a pattern, or says why it is none. */
export function compileRegex(pattern: string, options: RegexOptions): Regex | { readonly problem: string } {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern, options.ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (e) {
    if (!(e instanceof RE2JSException)) throw e;
    return { problem: `write a pattern of RE2's syntax, found ${JSON.stringify(pattern)}: ${e.message}` };
  }
  return new Re2Regex(compiled);
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
