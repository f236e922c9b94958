type Params = Readonly<Record<string, unknown>>;

/** `phases` of the answer to `initialize`. */
export type PhasesSaid = Readonly<Record<string, Params | undefined>>;

const REQUEST = { method: "GET", scheme: "http", authority: "a.example", path: "/", fields: [] };
const RESPONSE = { status: 200, fields: [] };

/**
 * Params of a call of a phase: `said` with what is usual where it says nothing, and of fields and attributes those alone that the phase
 * asks for, as Weir sends them.
 */
export function callParams(method: string, phase: Params, said: Params, deadlineMs: number): Record<string, unknown> {
  const out: Record<string, unknown> = { x: 1, config: 0, deadlineMs, ...said };
  if (method === "requestHead") out["request"] = withFields({ ...REQUEST, ...(said["request"] as Params) }, phase["fields"]);
  if (method === "responseHead") out["response"] = withFields({ ...RESPONSE, ...(said["response"] as Params) }, phase["fields"]);
  if (method === "requestHead" || method === "responseHead") out["end"] ??= true;
  const wanted = phase["attributes"];
  const attributes = said["attributes"];
  if (typeof attributes === "object" && attributes !== null) {
    const names = Array.isArray(wanted) ? wanted : [];
    out["attributes"] = Object.fromEntries(Object.entries(attributes).filter(([name]) => names.includes(name)));
  }
  return out;
}

function withFields({ fields, ...head }: Params, wanted: unknown): Params {
  if (wanted === "*") return { ...head, fields };
  if (!Array.isArray(wanted) || wanted.length === 0) return head;
  return { ...head, fields: (fields as readonly (readonly string[])[]).filter(([name]) => wanted.includes(name)) };
}
