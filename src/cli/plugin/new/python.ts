import { inFolder, type Kit } from "./kit.ts";
import { pythonLibrary } from "./sdk_files.ts";

export async function pythonKit(name: string): Promise<Kit> {
  return {
    needs: "Python 3.9 or newer as python3",
    build: null,
    command: ["./main.py"],
    config: (folder) => `{ command: ${inFolder(folder, "main.py")} }`,
    main: "main.py",
    files: [{ path: "main.py", text: mainOf(name), isProgram: true }, ...(await pythonLibrary())],
  };
}

function mainOf(name: string): string {
  return `#!/usr/bin/env python3
from weir_plugin import Plugin

plugin = Plugin("${name}", "1.0")


# Fields that a phase does not name are not sent to it. quick: it never waits for anything.
@plugin.response_head(fields=["content-type"], quick=True)
def response_head(call):
    return {"fields": [["set", "x-hello", "${name}"]]}


plugin.run()
`;
}
