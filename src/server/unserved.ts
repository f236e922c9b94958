import type { Model } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";

/** What a model asks for and nothing serves yet: it is refused, for cleartext in the place of TLS would be a promise broken in silence. */
export function unserved(model: Model): Problem[] {
  const problems: Problem[] = [];
  for (const l of model.listeners.values())
    if (l.chains.some((c) => c.tls !== null)) problems.push(refusal(`listeners.${l.name}.tls`, "TLS on a listener"));
  for (const c of model.clusters.values()) {
    if (c.tls !== null) problems.push(refusal(`clusters.${c.name}.tls`, "TLS towards an upstream"));
    else if (c.protocol !== "http1") problems.push(refusal(`clusters.${c.name}.protocol`, "HTTP/2 towards an upstream"));
  }
  return problems;
}

function refusal(path: string, what: string): Problem {
  return { severity: "error", path, message: `remove ${path}: ${what} is not served yet`, hint: "", place: null };
}
