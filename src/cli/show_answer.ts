import type { ControlAnswer, HostStatus, Status } from "../server/status.ts";
import type { CertsStatus } from "../tls/store/certs_status.ts";
import type { CliIo, ControlRequest } from "./deps.ts";
import { EXIT } from "./deps.ts";
import { renderCerts } from "./render/render_certs.ts";

/** Prints what a running weir answered; null: none listens there. Returns the exit code. */
export function showAnswer(request: ControlRequest, answer: ControlAnswer | null, io: CliIo): number {
  if (answer === null) {
    io.err(`start weir first, or give its socket with --control: no weir answers at "${request.socket}"\n`);
    return EXIT.unreachable;
  }
  if (request.json) io.out(`${JSON.stringify(answer.data ?? { ok: answer.ok, message: answer.message })}\n`);
  else if (answer.ok) io.out(textOf(request, answer));
  else io.err(`${answer.message}\n${problemLines(answer.data)}`);
  return answer.ok ? EXIT.done : EXIT.problems;
}

function textOf({ command }: ControlRequest, { data, message }: ControlAnswer): string {
  if (command === "status") return statusText(data as Status);
  return command === "certs" ? renderCerts(data as CertsStatus) : `${message}\n`;
}

function statusText(s: Status): string {
  const lines = [
    `${s.name} is ${s.state}: weir ${s.version} on ${s.runtime}, pid ${s.pid}, up ${s.uptimeSeconds} s, config generation ${s.generation}`,
  ];
  for (const w of s.workers ?? []) {
    const again = w.restarts === 0 ? "" : `, restarted ${w.restarts === 1 ? "once" : `${w.restarts} times`}`;
    lines.push(
      `worker ${w.index} ${w.pid === 0 ? "is starting" : `is ${w.state}: pid ${w.pid}, ${w.connections} connections`}${again}`,
    );
  }
  for (const l of s.listeners) lines.push(`listener ${l.name} on ${l.address}: ${l.connections} connections`);
  for (const c of s.clusters)
    lines.push(`cluster ${c.name}: ${c.hosts.length === 0 ? "no host" : c.hosts.map(hostText).join(", ")}`);
  return `${lines.join("\n")}\n`;
}

/** What takes traffic and was asked nothing needs no word. */
function hostText({ address, state, why }: HostStatus): string {
  if (state === "unchecked") return address;
  return why === "" ? `${address} (${state})` : `${address} (${state}: ${why})`;
}

function problemLines(data: unknown): string {
  if (typeof data !== "object" || data === null || !("problems" in data) || !Array.isArray(data.problems)) return "";
  return (data.problems as { message: string; place: { file: string; line: number; column: number } | null }[])
    .map((p) => `${p.place === null ? "" : `${p.place.file}:${p.place.line}:${p.place.column}: `}${p.message}\n`)
    .join("");
}
