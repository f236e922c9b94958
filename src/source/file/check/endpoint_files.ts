import { readEndpointsInto } from "../endpoints/read_endpoints.ts";
import type { Reporter } from "../problem_list.ts";

/** Files of endpoints that clusters name. They are read when all is lowered; one that is not there yet may come, one that is wrong won't do. */
export class EndpointFiles {
  readonly #named: { readonly report: Reporter; readonly path: string }[] = [];

  /** `report` tells of the cluster. */
  add(report: Reporter, path: string): void {
    this.#named.push({ report, path });
  }

  async check(read: (path: string) => Promise<string>): Promise<void> {
    for (const { report, path } of this.#named) {
      try {
        readEndpointsInto(report.list, path, await read(path));
      } catch (e) {
        const reason = e instanceof Error ? e.message : String(e);
        report.warn(["endpointsFile"], `make the file readable: reading ${JSON.stringify(path)} failed: ${reason}`);
      }
    }
  }
}
