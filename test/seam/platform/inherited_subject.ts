// Started by inherited_descriptors_test.ts with descriptors 3 and 4: takes them, closes them, and reads a file, which gets one of the numbers.
import { readFile } from "node:fs/promises";
import process from "node:process";
import { createNodePlatform } from "../../../src/platform/node.ts";

const { linux } = createNodePlatform("Deno" in globalThis ? "deno" : "bun");
for (const fd of [3, 4]) linux!.closeDescriptor(linux!.takeInherited(fd)!);
process.stdout.write(await readFile(process.argv[2]!, "utf8"));
process.exit(0);
