import { z } from "zod";
import { duration } from "./duration.ts";
import { changeableName, headerValue } from "./header.ts";
import { hostName } from "./host.ts";
import { type Leaf, leaf, refuse } from "./leaf.ts";
import { bool, choice, int, off, text, wantText } from "./scalar.ts";
import { share } from "./share.ts";
import { statusRange } from "./status_range.ts";

/** The target of a probe; it is sent as it stands, and to servers that the config's author knows. */
function probePath(): Leaf<string> {
  return leaf({ type: "string", pattern: "^/|\\$\\{", examples: ["/healthz"] }, (v) => {
    if (typeof v !== "string") return wantText('a path such as "/healthz"', v);
    if (!v.startsWith("/")) return refuse(`begin the path with "/": found ${JSON.stringify(v)}`);
    return /^[\x21\x22\x24-\x7e]+$/.test(v)
      ? v
      : refuse(`encode the path: found ${JSON.stringify(v)}, wanted visible ASCII without "#"`);
  });
}

const http = z.strictObject({
  path: probePath().prefault("/").describe("Path that is asked for, with its query"),
  method: choice("GET", "HEAD", "OPTIONS").prefault("GET").describe("Method of the request"),
  host: hostName(true).optional().describe("Host that is asked for; the endpoint's address when absent"),
  headers: z.record(changeableName("probe"), headerValue()).optional().describe("Fields of the request"),
  expect: z
    .union([statusRange(), z.array(statusRange()).min(1)])
    .prefault("2xx")
    .describe('Statuses of a healthy endpoint: 200, "2xx", "200-399", or a list'),
  body: text({ minLength: 1 }, (s) => (s === "" ? refuse("name what to look for: found nothing") : s))
    .optional()
    .describe("What the first KiB of the reply's body must contain; it isn't read when absent"),
});

/** Text as UTF-8, or bytes in hex. */
const bytes = z.union([
  text(),
  z.strictObject({ hex: hexText().describe("Bytes as pairs of hex digits; spaces may stand between") }),
]);

const probes = {
  http: z
    .union([probePath(), http])
    .optional()
    .describe("A request over HTTP, in the cluster's protocol and with its TLS; a path alone is enough"),
  tcp: z
    .strictObject({
      send: bytes.optional().describe("What is sent on the connection; nothing when absent"),
      expect: bytes.optional().describe("What the answer must begin with; that the connection stands is enough when absent"),
    })
    .optional()
    .describe("A connection"),
  grpc: z
    .strictObject({
      service: text().prefault("").describe("Service that is asked for; the server as a whole when empty"),
      authority: hostName(true).optional().describe("Authority that is asked for; the endpoint's address when absent"),
    })
    .optional()
    .describe("grpc.health.v1.Health/Check over HTTP/2, with the cluster's TLS"),
};

const rhythm = {
  port: int(1, 65535).optional().describe("Port that is checked; the endpoint's when absent"),
  interval: duration().prefault("10s").describe("Between two checks of a healthy endpoint"),
  unhealthyInterval: duration()
    .optional()
    .describe("Between two checks of one that is not healthy; 2s when absent, or interval where that is shorter"),
  jitter: share().prefault("10%").describe("Part of a wait that it may be longer by, by chance"),
  timeout: duration().prefault("2s").describe("A check without an answer for so long has failed"),
  healthyThreshold: int(1, 255)
    .prefault(2)
    .describe("Good checks in a row until an endpoint is healthy again; the first one counts alone"),
  unhealthyThreshold: int(1, 255).prefault(3).describe("Bad checks in a row until an endpoint is unhealthy"),
  reuse: bool().prefault(true).describe("Keep the connection between two checks"),
};

const PROBES = ["http", "tcp", "grpc"] as const;

const settings = z.strictObject({ ...probes, ...rhythm });

/** `health` of a cluster: the word for a probe, or one with its settings. */
export const healthSchema = z.union([choice(...PROBES), settings, off()]);

export const PROBE_KINDS: readonly ProbeKind[] = PROBES;

export type ProbeKind = (typeof PROBES)[number];
export type HealthConfig = z.output<typeof healthSchema>;
export type HealthSettings = z.output<typeof settings>;
export type HttpProbeConfig = z.output<typeof http>;
export type BytesConfig = z.output<typeof bytes>;

/** What `health` is of which only the word is given. */
export function healthOf(kind: ProbeKind): HealthSettings {
  return settings.parse({ [kind]: {} });
}

/** What an HTTP probe is of which only the path is given. */
export function httpProbeOf(path: string): HttpProbeConfig {
  return http.parse({ path });
}

function hexText(): Leaf<string> {
  return text({ pattern: "^([0-9A-Fa-f]{2} ?)+$|\\$\\{", examples: ["50 49 4e 47"] }, (s) =>
    /^(?:[0-9A-Fa-f]{2} ?)+$/.test(s) ? s.replaceAll(" ", "") : refuse(`write pairs of hex digits: found ${JSON.stringify(s)}`),
  );
}
