import { spawn } from "node:child_process";

/** What a program wrote and its exit code; null: it could not be started. */
export function outputOf(
  program: string,
  args: readonly string[],
  cwd: string,
): Promise<{ readonly code: number | null; readonly text: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, [...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    const take = (chunk: Buffer): void => {
      text += chunk.toString();
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (fault) => resolve({ code: null, text: String(fault) }));
    child.on("close", (code) => resolve({ code, text }));
  });
}

/** Whether a program is there and ends well with these arguments. */
export async function hasTool(program: string, args: readonly string[]): Promise<boolean> {
  return (await outputOf(program, args, ".")).code === 0;
}
