import { NodePlatform } from "./node.ts";
import type { PlatformOptions } from "./system_fault.ts";
import type { Platform } from "./types.ts";
import { loadUvBinding } from "./uv_binding.ts";

/** Deno: TCP on the handles below `node:net` where they can be had, unix sockets and the rest on `node:net` itself. */
export function createDenoPlatform(o: PlatformOptions = {}): Platform {
  return new NodePlatform("deno", o.onFault ?? ignore, loadUvBinding());
}

function ignore(): void {}
