// Cost of an access log line: `bun bench/micro/access_log.ts`, `deno run -A --no-check bench/micro/access_log.ts`.
import { latin1 } from "../../src/base/bytes.ts";
import { compileAccessFormat } from "../../src/export/access_log_format.ts";
import { DEFAULT_JSON_FIELDS, DEFAULT_TEXT_TEMPLATE } from "../../src/telemetry/access_fields.ts";
import type { AccessRecord } from "../../src/telemetry/access_record.ts";
import { measure } from "./measure.ts";

const FIFTEEN =
  '{client_address} [{time}] "{method} {path} {protocol}" {status} {request_body_bytes} {response_body_bytes} {duration_ms} ' +
  '{upstream_head_duration_ms} {host} {route} {cluster} {endpoint} "{request.header.user-agent}"';
const HEAD = new TextEncoder().encode("user-agent: curl/8.1.2 (x86_64-pc-linux-gnu) libcurl/8.1.2");

class Record implements AccessRecord {
  startWall = 1_795_478_504_000;
  listener = "web";
  remoteAddress = "127.0.0.1";
  remotePort = 51_234;
  clientAddress = "127.0.0.1";
  localAddress = "127.0.0.1:8080";
  connectionId = 17;
  protocol = "HTTP/1.1";
  scheme = "http";
  method = "GET";
  authority = "shop.example.com";
  path = "";
  status = 200;
  requestBodyBytes = 0;
  responseBodyBytes = 130;
  requestHeadBytes = 96;
  responseHeadBytes = 180;
  duration = 0.5;
  requestDuration = 0.01;
  upstreamHeadDuration = 0.4;
  connectDuration = 0;
  route = "checkout";
  cluster = "checkout-v1";
  endpoint = "10.0.0.11:8080";
  attempts = 1;
  flags = "";
  requestId = "";
  serverName = "";
  failedPlugin = "";
  grpcStatus = -1;
  // A field is made from bytes each time it is asked for, as the codec's are.
  requestField(name: string): string {
    return name === "user-agent" ? latin1(HEAD, 12, HEAD.length) : "";
  }
  responseField(): string {
    return "";
  }
  metadataText(): string {
    return "";
  }
}

const N = 20_000;
const PATHS = Array.from({ length: 512 }, (_, i) => `/checkout/cart/${i}?item=${i * 7919}`);
const IDS = Array.from({ length: 512 }, (_, i) => `${(i * 2654435761).toString(16)}-4f3a-9c`);
const buffer = new Uint8Array(64 * 1024);

function bench(name: string, spec: Parameters<typeof compileAccessFormat>[0]): void {
  const { format } = compileAccessFormat(spec);
  if (format === null) throw new Error("the format has problems");
  const r = new Record();
  let at = 0;
  measure(name, N, () => {
    let bytes = 0;
    for (let i = 0; i < N; i++) {
      r.startWall += 0.02;
      r.path = PATHS[i & 511]!;
      r.requestId = IDS[i & 511]!;
      r.duration = (i & 1023) / 77;
      r.upstreamHeadDuration = (i & 1023) / 79;
      r.clientAddress = (i & 3) === 0 ? "10.1.2.3" : "127.0.0.1";
      let to = format.write(r, buffer, at);
      if (to < 0) {
        at = 0;
        to = format.write(r, buffer, 0);
      }
      bytes += to - at;
      at = to;
    }
    return bytes;
  });
}

bench("text, 15 fields, into the buffer", { kind: "text", template: FIFTEEN });
bench("text, the default template", { kind: "text", template: DEFAULT_TEXT_TEMPLATE });
bench("JSON, the default fields", { kind: "json", fields: DEFAULT_JSON_FIELDS });
