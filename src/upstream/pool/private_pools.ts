import type { Host, LeaseClient } from "../types.ts";
import type { ConnectionGate } from "./connection_gate.ts";
import { HostPool, type PoolEnv } from "./host_pool.ts";

/**
 * Pools of connections that begin with a PROXY header. Such a connection speaks for one client (proxy-protocol.txt 2: never for
 * several), so each client has pools of its own, and they go with it.
 */
export class PrivatePools {
  readonly #gate: ConnectionGate;
  readonly #byClient = new Map<LeaseClient, Map<Host, HostPool>>();

  constructor(gate: ConnectionGate) {
    this.#gate = gate;
  }

  pool(client: LeaseClient, h: Host, env: PoolEnv): HostPool {
    const pools = this.#of(client);
    let pool = pools.get(h);
    if (pool === undefined) {
      pool = new HostPool(h, env, client, this.#gate);
      pools.set(h, pool);
    }
    return pool;
  }

  become(env: PoolEnv): void {
    for (const pools of this.#byClient.values()) for (const p of pools.values()) p.become(env);
  }

  /** The host is no more. */
  leave(h: Host): void {
    for (const pools of this.#byClient.values()) {
      pools.get(h)?.close();
      pools.delete(h);
    }
  }

  close(): void {
    for (const client of [...this.#byClient.keys()]) this.#forget(client);
  }

  #of(client: LeaseClient): Map<Host, HostPool> {
    const there = this.#byClient.get(client);
    if (there !== undefined) return there;
    const pools = new Map<Host, HostPool>();
    this.#byClient.set(client, pools);
    client.whenGone(() => this.#forget(client));
    return pools;
  }

  #forget(client: LeaseClient): void {
    const pools = this.#byClient.get(client);
    if (pools === undefined) return;
    this.#byClient.delete(client);
    for (const p of pools.values()) p.close();
  }
}
