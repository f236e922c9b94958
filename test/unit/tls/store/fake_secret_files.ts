import type { SecretFiles } from "../../../../src/tls/store/secret_files.ts";

/** Files in memory; a path that is missing can't be read. */
export class FakeSecretFiles implements SecretFiles {
  readonly texts = new Map<string, string>();
  /** Directories besides a file's own, as symlinks make them. */
  readonly beyond = new Map<string, string>();
  reads = 0;

  async read(path: string): Promise<string> {
    this.reads++;
    const text = this.texts.get(path);
    if (text === undefined) throw new Error("no such file");
    return text;
  }

  async directoriesOf(path: string): Promise<readonly string[]> {
    const beyond = this.beyond.get(path);
    const own = path.slice(0, path.lastIndexOf("/")) || "/";
    return beyond === undefined ? [own] : [own, beyond];
  }
}
