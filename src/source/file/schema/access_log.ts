import { z } from "zod";
import { checkAccessField, parseAccessTemplate } from "../../../telemetry/access_template.ts";
import { type Leaf, leaf, refuse } from "./leaf.ts";
import { text, wantText } from "./scalar.ts";

/** `json`, `text`, or a template with at least one placeholder. */
function format(): Leaf<string> {
  const json = { type: "string", examples: ["json", "text", '{time} {client_address} "{method} {path}" {status} {duration_ms}'] };
  return leaf(json, (v) => {
    if (typeof v !== "string") return wantText('"json", "text" or a template', v);
    if (v === "json" || v === "text") return v;
    if (!v.includes("{"))
      return refuse(`place fields in the template: found ${JSON.stringify(v)}, wanted "json", "text" or a template with {field}`);
    const problem = parseAccessTemplate(v).problems[0];
    return problem === undefined ? v : refuse(problem.message, problem.hint);
  });
}

const field = leaf({ type: "string", examples: ["status", "duration_ms", "request.header.user-agent"] }, (v) => {
  if (typeof v !== "string") return wantText("a field of the access log", v);
  const problem = checkAccessField(v);
  return problem === null ? v : refuse(problem.message, problem.hint);
});

const accessLog = z
  .strictObject({
    to: z
      .union([text(), z.strictObject({ file: text().describe("Path of the file, appended to and reopened on SIGUSR1") })])
      .describe("stdout, stderr, or a file: a path or { file: PATH }"),
    format: format().prefault("json").describe('"json", "text", or a template of {field} placeholders'),
    fields: z.array(field).min(1).optional().describe("Fields of a JSON line, in this order"),
  })
  .meta({ id: "AccessLog" });

/** One access log, or several. */
export const accessLogSchema = z.union([accessLog, z.array(accessLog)]);

export type AccessLogConfig = z.output<typeof accessLog>;
