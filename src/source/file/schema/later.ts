/** Keys that configs for later versions use; told apart from misspellings, so that nobody looks for the typing error. */
const LATER: ReadonlySet<string> = new Set(["rateLimit", "compress", "cache", "proxyProtocol", "secrets", "tracing"]);

export function isLater(key: string): boolean {
  return LATER.has(key);
}
