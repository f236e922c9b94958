import { ACCESS_FIELDS } from "../../../src/telemetry/access_fields.ts";
import { ERROR_CODES, RESPONSE_FLAGS, RETRY_FLAGS } from "../../../src/telemetry/response_flags.ts";
import { allMetrics } from "./all_metrics.ts";

/** The rows that docs/observability.md must have of what the code has: metrics, fields of the access log, response flags. */
export function observabilityRows(): readonly string[] {
  const rows: string[] = [];
  for (const { name, help, kind, labelNames, cellLabel } of allMetrics().families.values()) {
    const labels = [...labelNames, cellLabel].filter((l) => l !== "").map((l) => `\`${l}\``);
    rows.push(`| \`${name}\` | ${kind} | ${labels.join(", ")} | ${help} |`);
  }
  for (const { name, description } of ACCESS_FIELDS) rows.push(`| \`${name}\` | ${description} |`);
  for (const code of ERROR_CODES)
    rows.push(`| \`${RESPONSE_FLAGS[code].flag}\` | \`${code}\` | ${RESPONSE_FLAGS[code].meaning} |`);
  for (const { flag, meaning } of Object.values(RETRY_FLAGS)) rows.push(`| \`${flag}\` | ${meaning} |`);
  return rows;
}
