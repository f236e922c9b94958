// A plugin of Weir that ships records of exchanges as lines of JSON to a file or to a cluster.
import { appendFile } from "node:fs/promises";
import { type Host, serve } from "../sdk/typescript/mod.ts";
import { configSchema, readSettings, type Settings } from "./settings.ts";
import { type Fate, Shipper } from "./shipper.ts";

let shipper: Shipper | null = null;

serve<Settings>({
  name: "log-shipper",
  version: "1.0",
  configSchema,
  configure(value, host) {
    const settings = readSettings(value);
    shipper ??= new Shipper(targetOf(settings, host), settings.bufferBytes, settings.retryMs);
    return settings;
  },
  log: {
    attributes: [
      "time",
      "request.id",
      "client.address",
      "listener",
      "route",
      "cluster",
      "upstream.host",
      "status",
      "flags",
      "durationMs",
      "requestBytes",
      "responseBytes",
    ],
    everyMs: 1000,
    batch: 500,
    handle(records, lost, host) {
      if (lost > 0) tellLost(host, lost);
      shipper!.push(records);
    },
  },
  stop: () => shipper?.end(),
});

function targetOf(settings: Settings, host: Host) {
  return {
    send: (lines: string) => (settings.file === null ? post(settings, host, lines) : append(settings.file, lines)),
    wait: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
    lost: (count: number) => tellLost(host, count),
    sent: (count: number) => host.count("shipped", count),
  };
}

/** The file is opened for each batch, so that one that was moved away is made anew. */
async function append(file: string, lines: string): Promise<Fate> {
  await appendFile(file, lines, { mode: 0o640 });
  return "sent";
}

async function post(settings: Settings, host: Host, lines: string): Promise<Fate> {
  const { cluster, path, timeoutMs } = settings;
  const fields: [string, string][] = [["content-type", "application/x-ndjson"], ...settings.fields];
  const { status } = await host.http({ cluster, method: "POST", path, fields, timeoutMs, body: lines });
  if (status < 300) return "sent";
  if (status >= 500 || status === 429 || status === 408) return "later";
  host.log.error("the cluster refuses records", { cluster, status });
  return "never";
}

function tellLost(host: Host, count: number): void {
  host.count("lost", count);
  host.log.warn("records were lost", { count });
}
