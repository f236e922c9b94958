import { startOnLoadCore, startOnProxyCore } from "../rivals/measure/child.ts";

const LOOP = ["chrt", "--idle", "0", "sh", "-c", "while :; do :; done"];

/**
 * Keeps both cores from sleeping, with loops that run only where nothing else wants to: on a guest whose cores halt, a wake is an
 * exit to the host and can take longer than what is measured. Returns how to end them.
 */
export function keepAwake(): () => Promise<void> {
  const loops = [startOnProxyCore("loop", LOOP), startOnLoadCore("loop", LOOP)];
  return async () => {
    await Promise.all(loops.map((l) => l.stop()));
  };
}
