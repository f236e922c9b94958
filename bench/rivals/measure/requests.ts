import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface RequestSpec {
  readonly path: string;
  readonly host?: string;
  /** Further fields, each with its line end. */
  readonly fields?: string;
}

/** Writes requests as the load tool reads them; returns the path. */
export function writeRequests(directory: string, name: string, specs: readonly RequestSpec[]): string {
  const file = join(directory, `${name}.requests`);
  const texts = specs.map((s) => {
    const text = `GET ${s.path} HTTP/1.1\r\nHost: ${s.host ?? "bench.test"}\r\nUser-Agent: bench\r\nAccept: */*\r\n${s.fields ?? ""}\r\n`;
    return `${text.length}\n${text}\n`;
  });
  writeFileSync(file, texts.join(""));
  return file;
}
