/** A file of a new plugin. */
export interface FileText {
  /** From the plugin's folder, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly isProgram?: true;
}

/** What a language needs for its first plugin. */
export interface Kit {
  /** In the words of a person: `Python 3.9 or newer as python3`. */
  readonly needs: string;
  /** What is typed in the plugin's folder before it can run; null: nothing. */
  readonly build: string | null;
  /** How its program is started in its folder: what `weir plugin test` is given. */
  readonly command: readonly string[];
  /** Keys of the plugin in a config, as YAML; `folder` leads from the config to the plugin, "" when both are in one. */
  config(folder: string): string;
  /** The one file that a person changes. */
  readonly main: string;
  readonly files: readonly FileText[];
}

/** `has`: whether a program lies in a folder of PATH. */
export type MakeKit = (name: string, has: (program: string) => boolean) => Promise<Kit>;

/** `folder` as the beginning of a path to a file in it. */
export function inFolder(folder: string, file: string): string {
  return folder === "" ? `./${file}` : `${folder}/${file}`;
}
