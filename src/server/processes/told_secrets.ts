import type { SecretFiles } from "../../tls/store/secret_files.ts";
import type { SecretText } from "./worker_message.ts";

/** Certificates and keys as the supervisor has told them: a worker reads none from the disk, and so never sees one that is half written. */
export class ToldSecrets implements SecretFiles {
  readonly #texts = new Map<string, string>();

  tell(secrets: readonly SecretText[]): void {
    for (const { path, text } of secrets) this.#texts.set(path, text);
  }

  async read(path: string): Promise<string> {
    const text = this.#texts.get(path);
    if (text === undefined) throw new Error("the supervisor did not tell what it holds");
    return text;
  }

  async directoriesOf(): Promise<readonly string[]> {
    return [];
  }
}
