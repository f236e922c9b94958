import { ClusterMetrics } from "../../telemetry/cluster_metrics.ts";
import { Numbers } from "../../telemetry/numbers.ts";
import type { HealthBoard } from "./health_board.ts";
import { Pacer } from "./pacer.ts";

/** What the health of all hosts of a process is looked after with. */
export class HealthPlace {
  readonly board: HealthBoard;
  /** false: somebody else checks, and tells the board. */
  readonly checks: boolean;
  /** When checks come within their jitter: 0 to below 1. */
  readonly random: () => number;
  readonly pacer: Pacer = new Pacer();
  readonly uncounted: ClusterMetrics = new ClusterMetrics(new Numbers(), "");

  constructor(board: HealthBoard, checks: boolean, random: () => number = Math.random) {
    this.board = board;
    this.checks = checks;
    this.random = random;
  }
}
