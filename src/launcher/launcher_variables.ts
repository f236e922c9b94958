/** Set in the environment of the main process under a launcher, and of its successors: the descriptor of the launcher's page. */
export const LAUNCHER_VARIABLE = "WEIR_LAUNCHER";
/** The first descriptor that a service manager passes (sd_listen_fds(3)). */
export const FIRST_PASSED_FD = 3;
/** More sockets than a unit names. */
const MOST_PASSED = 1024;

type Environment = Readonly<Record<string, string | undefined>>;

/** How many descriptors the service manager passed to this process; 0: none, or they are another's. */
export function passedDescriptors(env: Environment, pid: number): number {
  const count = Number(env["LISTEN_FDS"]);
  const mine = env["LISTEN_PID"] === String(pid);
  return mine && Number.isInteger(count) && count >= 1 && count <= MOST_PASSED ? count : 0;
}

/**
 * The main process's environment. What a service manager meant for the launcher by its number is passed on without the number, which
 * stands for the launcher's word that it was right.
 */
export function childEnvironment(env: Environment, pid: number, pageFd: number): Record<string, string> {
  const child: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) child[name] = value;
  if (passedDescriptors(env, pid) === 0) for (const name of ["LISTEN_FDS", "LISTEN_FDNAMES"]) delete child[name];
  if ((env["WATCHDOG_PID"] ?? String(pid)) !== String(pid)) delete child["WATCHDOG_USEC"];
  delete child["LISTEN_PID"];
  delete child["WATCHDOG_PID"];
  child[LAUNCHER_VARIABLE] = String(pageFd);
  return child;
}
