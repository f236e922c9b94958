import { openArena } from "../../rivals/measure/arena.ts";
import { runBout } from "../../rivals/measure/bout.ts";
import { type RequestSpec, writeRequests } from "../../rivals/measure/requests.ts";
import { interleave, type LoadOf, type Rounds } from "../../rivals/measure/rounds.ts";
import { CLEARTEXT, type Scene } from "../../rivals/measure/scene.ts";
import type { Peer } from "../../rivals/peers/peer.ts";
import type { Setup } from "./work.ts";

type Load = Omit<ReturnType<LoadOf>, "requests">;

/** Rounds of one load on all of them. `requests`: null: the tool has its own. */
export async function measured(
  peers: readonly Peer[],
  { pace }: Setup,
  load: Load,
  requests: readonly RequestSpec[] | null = [{ path: "/" }],
  scene: Scene = CLEARTEXT,
): Promise<Rounds> {
  const arena = await openArena(peers, scene);
  try {
    const file = requests === null ? {} : { requests: writeRequests(arena.directory, "plugins", requests) };
    // At a low rate just-in-time compilers would take minutes to get to their end.
    const { preheat } = pace;
    const warm = { ...load, ...file, mode: "closed", seconds: preheat, warmup: 0, seed: 1 } as const;
    if (load.mode === "open") for (const s of arena.subjects) await runBout(s, warm);
    return await interleave(arena.subjects, pace, () => ({ ...load, ...file }));
  } finally {
    await arena.close();
  }
}
