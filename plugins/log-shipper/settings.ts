/** Where records go, and how. */
export interface Settings {
  /** A file that lines are added to; null: the cluster. */
  readonly file: string | null;
  readonly cluster: string;
  readonly path: string;
  readonly fields: readonly [string, string][];
  readonly timeoutMs: number;
  /** Bytes of lines that wait while the target does not take them. */
  readonly bufferBytes: number;
  /** Wait before the first try again; each further one waits twice as long, up to 30 s. */
  readonly retryMs: number;
}

export const configSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    file: { type: "string", minLength: 1, description: "File that lines are added to" },
    cluster: { type: "string", minLength: 1, description: "Cluster that batches are posted to" },
    path: { type: "string", description: "Path of these requests; / when absent" },
    fields: {
      type: "object",
      additionalProperties: { type: "string" },
      description: "Fields of these requests; none when absent",
    },
    timeoutMs: { type: "integer", minimum: 1, description: "How long one may take; 5000 when absent" },
    bufferBytes: { type: "integer", minimum: 1, description: "Bytes of lines that may wait; 8388608 when absent" },
    retryMs: { type: "integer", minimum: 1, description: "Wait before the first try again; 500 when absent" },
  },
  oneOf: [{ required: ["file"] }, { required: ["cluster"] }],
};

/** Throws what is wrong. */
export function readSettings(value: unknown): Settings {
  const raw = (value ?? {}) as Record<string, unknown>;
  const known = Object.keys(configSchema.properties);
  const stranger = Object.keys(raw).find((key) => !known.includes(key));
  if (stranger !== undefined) throw new Error(`use one of ${known.join(", ")}: found ${stranger}`);
  if ((raw["file"] === undefined) === (raw["cluster"] === undefined)) throw new Error("name a file or a cluster, one of them");
  const fields = Object.entries((raw["fields"] ?? {}) as Record<string, string>);
  return {
    file: raw["file"] === undefined ? null : textOf(raw, "file", ""),
    cluster: textOf(raw, "cluster", ""),
    path: textOf(raw, "path", "/"),
    fields: fields.map(([name, v]) => [name.toLowerCase(), String(v)]),
    timeoutMs: numberOf(raw, "timeoutMs", 5000),
    bufferBytes: numberOf(raw, "bufferBytes", 8_388_608),
    retryMs: numberOf(raw, "retryMs", 500),
  };
}

function textOf(raw: Record<string, unknown>, key: string, absent: string): string {
  const value = raw[key] ?? absent;
  if (typeof value !== "string" || (value === "" && raw[key] !== undefined))
    throw new Error(`give ${key} as text that is not empty`);
  return value;
}

function numberOf(raw: Record<string, unknown>, key: string, absent: number): number {
  const value = raw[key] ?? absent;
  if (!Number.isSafeInteger(value) || (value as number) < 1)
    throw new Error(`give ${key} as an integer from 1: found ${String(value)}`);
  return value as number;
}
