import { NO_BYTES } from "../../base/bytes.ts";
import { BUDGET } from "./budgets.ts";
import type { H2Connection } from "./connection.ts";
import { IDLE_STREAM, PRIORITY_SIZE, SELF_DEPENDENT, WINDOW_OVERFLOW, ZERO_INCREMENT } from "./faults.ts";
import { FLAG_ACK, GOAWAY, MAX_31, PING, PRIORITY, RST_STREAM, read31, read32, SETTINGS, WINDOW_UPDATE } from "./frame_types.ts";

/** Reads a frame that is neither DATA nor a part of a header block; its size is right. Each kind has its budget. */
export function controlFrame(
  c: H2Connection,
  type: number,
  flags: number,
  id: number,
  b: Uint8Array,
  from: number,
  to: number,
): void {
  const { budgets } = c;
  switch (type) {
    case WINDOW_UPDATE:
      if (budgets.take(BUDGET.windowUpdate)) windowUpdate(c, id, read31(b, from));
      return;
    case RST_STREAM:
      resetStream(c, id, read32(b, from));
      return;
    case SETTINGS:
      if (!budgets.take(BUDGET.settings)) return;
      if ((flags & FLAG_ACK) !== 0) c.onSettingsAck();
      else settings(c, b, from, to);
      return;
    case PING:
      if ((flags & FLAG_ACK) !== 0) c.onPingAck(read32(b, from + 4));
      else if (budgets.take(BUDGET.ping)) c.out.pingAck(b, from);
      return;
    case PRIORITY:
      if (budgets.take(BUDGET.priority)) priority(c, id, b, from, to);
      return;
    case GOAWAY:
      if (budgets.take(BUDGET.otherFrames)) c.onGoAway(read31(b, from), read32(b, from + 4));
      return;
  }
}

function windowUpdate(c: H2Connection, id: number, increment: number): void {
  const { queue } = c;
  if (id === 0) {
    if (increment === 0) c.onFrameFault(ZERO_INCREMENT);
    else if (queue.window + increment > MAX_31) c.onFrameFault(WINDOW_OVERFLOW);
    else {
      queue.window += increment;
      queue.pump();
    }
    return;
  }
  const s = c.streams.find(id);
  if (s === null) {
    if (c.isIdle(id)) c.onFrameFault(IDLE_STREAM);
    return;
  }
  if (s.wireClosed) return;
  if (increment === 0) c.refuse(s, ZERO_INCREMENT);
  else if (s.sendWindow + increment > MAX_31) c.refuse(s, WINDOW_OVERFLOW);
  else {
    s.sendWindow += increment;
    queue.windowMoved(s);
    // At once, and not when the chunk has been read: what a later frame finds must not depend on how bytes were cut.
    queue.pump();
  }
}

function resetStream(c: H2Connection, id: number, code: number): void {
  const s = c.streams.find(id);
  if (s === null && c.isIdle(id)) {
    c.onFrameFault(IDLE_STREAM);
    return;
  }
  c.provoked();
  if (s === null || s.wireClosed) return;
  if (c.endsByReset(s, code)) {
    s.remoteEnded = true;
    s.close(false);
    s.take(NO_BYTES, true);
    s.endedByPeer();
    return;
  }
  const e = c.resetFault(s, code);
  s.close(false);
  s.fail(e);
}

function settings(c: H2Connection, b: Uint8Array, from: number, to: number): void {
  const { peer } = c;
  const before = peer.initialWindow;
  const fault = peer.apply(b, from, to);
  if (fault !== null) {
    c.onFrameFault(fault);
    return;
  }
  const change = peer.initialWindow - before;
  if (change !== 0 && !moveWindows(c, change)) return;
  c.out.settingsAck();
  c.onSettings();
  c.queue.pump();
}

/** RFC 9113 6.9.2: the windows of all streams move, and may go below 0. */
function moveWindows(c: H2Connection, change: number): boolean {
  for (const s of c.streams.all()) {
    if (s.wireClosed) continue;
    if (s.sendWindow + change > MAX_31) {
      c.onFrameFault(WINDOW_OVERFLOW);
      return false;
    }
    s.sendWindow += change;
    c.queue.windowMoved(s);
  }
  return true;
}

/** Priorities are not followed (RFC 9113 5.3.2); what is malformed is still told. */
function priority(c: H2Connection, id: number, b: Uint8Array, from: number, to: number): void {
  const fault = to - from !== 5 ? PRIORITY_SIZE : read31(b, from) === id ? SELF_DEPENDENT : null;
  if (fault === null) return;
  const s = c.streams.find(id);
  if (s !== null) c.refuse(s, fault);
  else {
    c.provoked();
    // RFC 9113 6.4: an idle stream can't be reset, and PRIORITY may stand on one.
    if (c.isIdle(id)) c.onFrameFault(fault);
    else c.out.resetStream(id, fault.code);
  }
}
