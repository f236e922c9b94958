// Writes so many access log lines to stdout: a process of its own, for a test of pipes.
import { AccessLogs } from "../../../src/export/access_logs.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";
import { REAL_CLOCK, RecordingLog, record } from "./fakes.ts";

const lines = Number(process.argv[2]);
const log = new RecordingLog();
const logs = new AccessLogs(new Metrics(), { platform: REAL_CLOCK, log });
logs.apply([{ to: { kind: "stdout" }, format: { kind: "text", template: "{path}" } }]);
for (let i = 0; i < lines; i++) logs.write(record({ path: `/${i}/${"x".repeat(50)}` }));
await logs.close();
process.exitCode = log.told.length;
