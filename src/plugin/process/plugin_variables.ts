/** The variable by which a program knows that it was started as a plugin, and its value. */
export const COOKIE = "WEIR_PLUGIN";
export const COOKIE_VALUE = "stdio-jsonrpc-1";

const KEPT = ["PATH", "LANG", "TMPDIR"] as const;

/** All of a plugin's environment: little of Weir's own, which may hold secrets, and what its config names. */
export function pluginVariables(
  own: Readonly<Record<string, string | undefined>>,
  configured: Readonly<Record<string, string>>,
): Record<string, string> {
  const out: Record<string, string> = {};
  for (const name of KEPT) {
    const value = own[name];
    if (value !== undefined) out[name] = value;
  }
  return { ...out, ...configured, [COOKIE]: COOKIE_VALUE };
}
