import type { BreakerSpec } from "../../config/traffic_model.ts";
import type { StreamReader } from "../../http/codec.ts";
import type { ResponseHead } from "../../http/head.ts";
import type { Breaker } from "../breaker.ts";
import type { Host, LeaseClient, LeaseWaiter } from "../types.ts";
import { ConnectionGate } from "./connection_gate.ts";
import { HostPool, type PoolEnv } from "./host_pool.ts";
import { PrivatePools } from "./private_pools.ts";

/** The connections of one cluster that requests of one priority use, so that those of another can't take their places. */
export class ClusterPools {
  readonly gate: ConnectionGate;
  readonly breaker: Breaker;
  readonly #pools = new Map<Host, HostPool>();
  /** For connections that begin with a header. */
  readonly #private: PrivatePools;
  #env: PoolEnv;

  constructor(env: PoolEnv, breaker: Breaker, spec: BreakerSpec) {
    this.#env = env;
    this.breaker = breaker;
    breaker.become(spec);
    this.gate = new ConnectionGate(breaker);
    this.#private = new PrivatePools(this.gate);
  }

  /** See `Cluster.lease`. */
  lease(
    h: Host,
    fresh: boolean,
    reader: StreamReader<ResponseHead>,
    w: LeaseWaiter,
    client: LeaseClient,
  ): { cancel(): void } | null {
    if (this.#env.proxyHeader !== null) return this.#private.pool(client, h, this.#env).lease(fresh, reader, w);
    let pool = this.#pools.get(h);
    if (pool === undefined) {
      pool = new HostPool(h, this.#env, null, this.gate);
      this.#pools.set(h, pool);
    }
    return pool.lease(fresh, reader, w);
  }

  /** Goes on under a changed config. */
  become(env: PoolEnv, spec: BreakerSpec): void {
    this.#env = env;
    this.breaker.become(spec);
    for (const p of this.#pools.values()) p.become(env);
    this.#private.become(env);
    this.gate.serve();
  }

  /** The host is no more. */
  leave(h: Host): void {
    this.#pools.get(h)?.close();
    this.#pools.delete(h);
    this.#private.leave(h);
  }

  close(): void {
    for (const p of this.#pools.values()) p.close();
    this.#pools.clear();
    this.#private.close();
  }
}
