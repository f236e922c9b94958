import type { FilterExchange, Reply } from "../../filter/types.ts";
import { Fields } from "../../http/fields.ts";
import type { Action, FieldChange, PluginReply } from "./read_action.ts";

/** Does to a request what an answer says of its head. Returns what is wrong with it; null: done. */
export function applyToRequest(x: FilterExchange, a: Action): string | null {
  const { method, path, authority, scheme } = a;
  if (method !== null || path !== null || authority !== null || scheme !== null) {
    const fault = x.changeRequest({
      ...(method === null ? {} : { method }),
      ...(path === null ? {} : { path }),
      ...(authority === null ? {} : { authority }),
      ...(scheme === null ? {} : { scheme }),
    });
    if (fault !== null) return fault;
  }
  applyFields(x.request.fields, a.fields);
  if (a.timeoutMs !== null) x.shortenTimeout(a.timeoutMs);
  if (a.cluster !== null) x.override.cluster = a.cluster;
  if (a.host !== null) x.override.host = a.host;
  applyMetadata(x, a);
  return null;
}

export function applyFields(fields: Fields, changes: readonly FieldChange[]): void {
  for (const c of changes) {
    if (c[0] === "set") fields.set(c[1], c[2]);
    else if (c[0] === "add") fields.add(c[1], c[2]);
    else fields.remove(c[1]);
  }
}

export function applyMetadata(x: FilterExchange, a: Action): void {
  for (const [namespace, values] of a.metadata) {
    const m = x.metadata(namespace);
    m.clear();
    for (const [key, value] of Object.entries(values)) m.set(key, value);
  }
}

export function replyOf({ status, fields, body }: PluginReply): Reply {
  const made = Fields.empty();
  for (const [name, value] of fields) made.add(name, value);
  return { head: { status, reason: "", fields: made, contentLength: body.length, upgrade: "" }, body };
}
