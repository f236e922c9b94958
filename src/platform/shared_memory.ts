import { localFault } from "../base/error.ts";
import type { LinuxLibc } from "./linux_libc.ts";
import type { SharedMemory } from "./linux_types.ts";

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;
const F_SEAL_SEAL = 1;
const F_SEAL_SHRINK = 2;
const F_SEAL_GROW = 4;
const MAP_SHARED = 1;
const SEEK_END = 2;
const NAME = new TextEncoder().encode("weir\0");
/** 1 GiB: more can't be one ArrayBuffer on every runtime. */
const MAX_BYTES = 1 << 30;

/** A memfd (memfd_create(2)) and its mapping. */
export function makeSharedMemory(libc: LinuxLibc, bytes: number): SharedMemory {
  if (!Number.isInteger(bytes) || bytes < 1 || bytes > MAX_BYTES) {
    throw localFault("internal", 500, `share 1 to ${MAX_BYTES} bytes of memory: found ${bytes}`);
  }
  const fd = libc.must(libc.c.memfd_create(NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING), "making shared memory");
  try {
    libc.must(libc.c.ftruncate(fd, bytes), `making ${bytes} bytes of shared memory`);
    libc.must(libc.c.fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), "sealing shared memory");
    return { fd, buffer: libc.map(bytes, MAP_SHARED, fd).buffer };
  } catch (e) {
    libc.c.close(fd);
    throw e;
  }
}

/** Maps what another process made. */
export function mapSharedMemory(libc: LinuxLibc, fd: number): ArrayBuffer {
  // Who could cut pages off would end whoever reads them with SIGBUS.
  const seals = libc.must(libc.c.fcntl(fd, F_GET_SEALS, 0), `mapping descriptor ${fd} as shared memory`);
  if ((seals & F_SEAL_SHRINK) === 0) {
    throw localFault("internal", 500, `pass a descriptor of shared memory that can't shrink: found ${fd} without the seal`);
  }
  const bytes = Number(libc.c.lseek(fd, 0, SEEK_END));
  if (bytes < 1 || bytes > MAX_BYTES) {
    throw localFault("internal", 500, `share 1 to ${MAX_BYTES} bytes of memory: descriptor ${fd} has ${bytes}`);
  }
  return libc.map(bytes, MAP_SHARED, fd).buffer;
}
