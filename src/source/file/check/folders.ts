import type { Reporter } from "../problem_list.ts";
import type { Path } from "../tree.ts";

/** Folders that files are served from. One that is not there yet may come: that is told, and no error. */
export class Folders {
  readonly #named: { readonly report: Reporter; readonly at: Path; readonly path: string }[] = [];

  add(report: Reporter, at: Path, path: string): void {
    this.#named.push({ report, at, path });
  }

  async check(list: (path: string) => Promise<readonly string[]>): Promise<void> {
    for (const { report, at, path } of this.#named) {
      try {
        await list(path);
      } catch (e) {
        const reason = e instanceof Error ? e.message : String(e);
        report.warn(at, `make the folder, and make it readable: looking into ${JSON.stringify(path)} failed: ${reason}`);
      }
    }
  }
}
