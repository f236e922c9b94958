import type { LinuxLibc } from "./linux_libc.ts";

/** What stands below a socket or a server of `node:net`; undocumented, so looked for. */
export interface HandleOwner {
  readonly _handle: { readonly fd?: number; fdForIpc?(): number } | null;
}

/** Its own descriptor, which Bun and Node know; -1 on Deno's TCP. */
export function ownDescriptor(owner: object): number {
  return (owner as HandleOwner)._handle?.fd ?? -1;
}

/** A duplicate that is the caller's; -1: there is none. */
export function duplicateOf(libc: LinuxLibc, owner: object): number {
  const own = ownDescriptor(owner);
  if (own >= 0) return libc.tryDuplicate(own);
  const fd = (owner as HandleOwner)._handle?.fdForIpc?.() ?? -1;
  // Deno makes it without close-on-exec.
  if (fd >= 0) libc.setCloseOnExec(fd);
  return fd;
}
