import type { Kit } from "./kit.ts";
import { typescriptLibrary } from "./sdk_files.ts";

/** Runtimes by how fast they start, with the arguments that stand before a script. */
const RUNTIMES: readonly (readonly string[])[] = [["bun"], ["deno", "run", "--allow-env"], ["node"]];

export async function typescriptKit(name: string, has: (program: string) => boolean): Promise<Kit> {
  const command = [...(RUNTIMES.find(([program]) => has(program!)) ?? RUNTIMES[0]!), "main.ts"];
  return {
    needs: "Bun, Deno, or Node 22.18 or newer",
    build: null,
    command,
    // Weir looks for a program beside its config, and not for what stands behind it.
    config: (folder) => `{ command: [${command.join(", ")}], cwd: ${folder === "" ? '"."' : folder} }`,
    main: "main.ts",
    files: [
      { path: "main.ts", text: mainOf(name) },
      { path: "package.json", text: '{ "private": true, "type": "module" }\n' },
      ...(await typescriptLibrary()),
    ],
  };
}

function mainOf(name: string): string {
  return `import { serve } from "./weir-plugin/mod.ts";

serve({
  name: "${name}",
  version: "1.0",
  responseHead: {
    // Fields that are not named here are not sent.
    fields: ["content-type"],
    handle: (_call) => ({ fields: [["set", "x-hello", "${name}"]] }),
  },
});
`;
}
