import { createMemoryPlatform } from "../../src/platform/memory.ts";
import { firewallCases } from "./platform/firewall_cases.ts";
import { heldCases } from "./platform/held_cases.ts";
import { movingCases, passingCases } from "./platform/passing_cases.ts";
import { childCases, processCases } from "./platform/process_cases.ts";
import { tlsPeerCases } from "./platform/tls_peer_cases.ts";
import { udpDescriptorCases } from "./platform/udp_descriptor_cases.ts";
import { platformCases } from "./platform_cases.ts";

const noSystem = "there is no system below it";
const noPrograms = "no other program can be reached from here";
const noCrypto = "certificates are no more than bytes here";
const noFiles = "paths are names here, there is no file";
platformCases({
  name: "memory.ts",
  adapter: "",
  create: (onFault) => {
    const p = createMemoryPlatform({ onFault });
    p.names.set("localhost", [
      { address: "127.0.0.1", ttl: 30 },
      { address: "::1", ttl: 30 },
    ]);
    return p;
  },
  skips: {
    ...Object.fromEntries(tlsPeerCases.map(([name]) => [name, noPrograms])),
    ...Object.fromEntries(
      [
        ...processCases,
        ...childCases,
        ...heldCases,
        ...passingCases,
        ...movingCases,
        ...firewallCases,
        ...udpDescriptorCases,
      ].map(([name]) => [name, noSystem]),
    ),
    "an address that is not ours can't be listened on": "every address is ours here",
    "a dial that can't even start fails on a later turn": "every source address is ours here",
    "reusePort lets two listeners share an address": "no test needs two listeners on one address here",
    "a unix socket has the mode that was asked for and is gone after close": noFiles,
    "a socket's file on which nobody answers is replaced": noFiles,
    "a unix socket on which somebody answers is in use, and a plain file stays": noFiles,
    "UDP: what the system drops is known": "nothing is ever dropped here",
    "a dial that nobody answers leaves nothing behind when it is cancelled": noSystem,
    "the limit of open files is known, and raised to the hard one": noSystem,
    "the user at the other end of a unix socket is told, and of TCP is not": noSystem,
    "TLS: a client that goes away in the middle of its handshake is told as a failed one":
      "the first message is the whole handshake here",
    "TLS: without a verifyPeer the runtime's check of a client's certificate holds": noCrypto,
    "TLS: where the runtime's check of clients can be got around, one of Weir's own is asked for": noCrypto,
    "TLS: a server's name is checked, wildcards and addresses included": noCrypto,
    "TLS: a server's chain is checked, unless that is given up by name": noCrypto,
    "TLS: certificates and keys that can't be used are refused when the context is made": noCrypto,
    "TLS: lists of ciphers and curves are kept, or refused": noCrypto,
    "a watch sees a file written and a symlink swapped": "a test tells of changes by touch()",
  },
});
