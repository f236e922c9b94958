import type { Fields } from "../../http/fields.ts";
import type { RequestHead, ResponseHead } from "../../http/head.ts";

/** Which fields a phase asks for: "*" is all of them, lower-case names otherwise. */
export type WantedFields = "*" | readonly string[];

/** A request's head as JSON, with the fields that are asked for. */
export function requestText({ method, scheme, authority, path, fields }: RequestHead, wanted: WantedFields): string {
  const head = `{"method":${JSON.stringify(method)},"scheme":"${scheme}","authority":${JSON.stringify(authority)},"path":${JSON.stringify(path)}`;
  return wanted.length === 0 ? `${head}}` : `${head},"fields":${fieldsText(fields, wanted)}}`;
}

export function responseText({ status, fields }: ResponseHead, wanted: WantedFields): string {
  return wanted.length === 0 ? `{"status":${status}}` : `{"status":${status},"fields":${fieldsText(fields, wanted)}}`;
}

export function fieldsText(fields: Fields, wanted: WantedFields): string {
  let out = "";
  if (wanted === "*")
    fields.forEach((name, value) => {
      out += pairText(JSON.stringify(name.toLowerCase()), value, out);
    });
  else
    for (const name of wanted) {
      const found = fields.getAll(name);
      if (found.length === 0) continue;
      const key = JSON.stringify(name);
      for (const value of found) out += pairText(key, value, out);
    }
  return `[${out}]`;
}

function pairText(key: string, value: string, before: string): string {
  return `${before === "" ? "" : ","}[${key},${JSON.stringify(value)}]`;
}
