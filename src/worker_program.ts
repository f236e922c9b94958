import { BUILD } from "./base/build.ts";
import { takeWorkerIndex, work } from "./server/processes/worker.ts";
import { openEndpoints } from "./source/file/endpoints/endpoints_file.ts";
import { ThisProcess } from "./this_process.ts";

/** A worker: its supervisor says what to do, over a channel. It has no use for commands and for the files of the config. */
async function main(): Promise<number> {
  const self = new ThisProcess((text) => void process.stderr.write(text));
  const platform = await self.createServingPlatform();
  return await work({
    platform,
    loadModule: (path) => self.loadModule(platform, path),
    index: takeWorkerIndex(process.env),
    log: self.log,
    env: process.env,
    build: BUILD,
    openEndpoints,
    onServer: (s) => {
      self.serving = s;
    },
  });
}

process.exit(await main());
