import { createMemoryPlatform } from "../../src/platform/memory.ts";
import { platformCases } from "./platform_cases.ts";

const noSystem = "there is no system below it";
const noFiles = "paths are names here, there is no file";
platformCases({
  name: "memory.ts",
  create: (onFault) => {
    const p = createMemoryPlatform({ onFault });
    p.names.set("localhost", [
      { address: "127.0.0.1", ttl: 30 },
      { address: "::1", ttl: 30 },
    ]);
    return p;
  },
  skips: {
    "an address that is not ours can't be listened on": "every address is ours here",
    "a dial that can't even start fails on a later turn": "every source address is ours here",
    "reusePort lets two listeners share an address": "no test needs two listeners on one address here",
    "a unix socket has the mode that was asked for and is gone after close": noFiles,
    "a socket's file on which nobody answers is replaced": noFiles,
    "a unix socket on which somebody answers is in use, and a plain file stays": noFiles,
    "a dial that nobody answers leaves nothing behind when it is cancelled": noSystem,
    "the limit of open files is known, and raised to the hard one": noSystem,
    "the user at the other end of a unix socket is told, and of TCP is not": noSystem,
    "a watch sees a file written and a symlink swapped": "a test tells of changes by touch()",
  },
});
