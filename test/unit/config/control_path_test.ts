import { expect, test } from "bun:test";
import { controlPath } from "../../../src/config/control_path.ts";

test("the control socket is where the config, the runtime directory or the user tells", () => {
  const named = { name: "edge", control: null };
  expect(controlPath({ name: "edge", control: "/x.sock" }, { env: {}, uid: 0 })).toBe("/x.sock");
  expect(controlPath(named, { env: { XDG_RUNTIME_DIR: "/run/user/7" }, uid: 0 })).toBe("/run/weir/edge.sock");
  expect(controlPath(named, { env: { XDG_RUNTIME_DIR: "/run/user/7/" }, uid: 7 })).toBe("/run/user/7/weir/edge.sock");
  expect(controlPath(named, { env: { XDG_RUNTIME_DIR: "not/absolute" }, uid: 7 })).toBe("/tmp/weir-7/edge.sock");
  expect(controlPath(named, { env: {}, uid: 7 })).toBe("/tmp/weir-7/edge.sock");
});
