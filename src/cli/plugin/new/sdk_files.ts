import type { FileText } from "./kit.ts";

/**
 * The libraries of plugins/sdk as text, for `weir plugin new`: they are in no registry, so the executable has them inside. Literal imports,
 * for a bundler follows no others; test/unit/cli/plugin/new/sdk_files_test.ts holds them to what lies there.
 */
export function pythonLibrary(): Promise<readonly FileText[]> {
  return texts([
    ["weir_plugin/__init__.py", import("../../../../plugins/sdk/python/weir_plugin/__init__.py", { with: { type: "text" } })],
    ["weir_plugin/_exchange.py", import("../../../../plugins/sdk/python/weir_plugin/_exchange.py", { with: { type: "text" } })],
    ["weir_plugin/_link.py", import("../../../../plugins/sdk/python/weir_plugin/_link.py", { with: { type: "text" } })],
    ["weir_plugin/_phase.py", import("../../../../plugins/sdk/python/weir_plugin/_phase.py", { with: { type: "text" } })],
    ["weir_plugin/_reader.py", import("../../../../plugins/sdk/python/weir_plugin/_reader.py", { with: { type: "text" } })],
    ["weir_plugin/_session.py", import("../../../../plugins/sdk/python/weir_plugin/_session.py", { with: { type: "text" } })],
    ["weir_plugin/_stdio.py", import("../../../../plugins/sdk/python/weir_plugin/_stdio.py", { with: { type: "text" } })],
    ["weir_plugin/_threads.py", import("../../../../plugins/sdk/python/weir_plugin/_threads.py", { with: { type: "text" } })],
    ["weir_plugin/actions.py", import("../../../../plugins/sdk/python/weir_plugin/actions.py", { with: { type: "text" } })],
    ["weir_plugin/call.py", import("../../../../plugins/sdk/python/weir_plugin/call.py", { with: { type: "text" } })],
    ["weir_plugin/errors.py", import("../../../../plugins/sdk/python/weir_plugin/errors.py", { with: { type: "text" } })],
    ["weir_plugin/host.py", import("../../../../plugins/sdk/python/weir_plugin/host.py", { with: { type: "text" } })],
    ["weir_plugin/plugin.py", import("../../../../plugins/sdk/python/weir_plugin/plugin.py", { with: { type: "text" } })],
    ["weir_plugin/protocol.py", import("../../../../plugins/sdk/python/weir_plugin/protocol.py", { with: { type: "text" } })],
    ["weir_plugin/stream.py", import("../../../../plugins/sdk/python/weir_plugin/stream.py", { with: { type: "text" } })],
    ["weir_plugin/watch.py", import("../../../../plugins/sdk/python/weir_plugin/watch.py", { with: { type: "text" } })],
  ]);
}

export function goLibrary(): Promise<readonly FileText[]> {
  return texts([
    ["weir-plugin/action.go", import("../../../../plugins/sdk/go/action.go", { with: { type: "text" } })],
    ["weir-plugin/call.go", import("../../../../plugins/sdk/go/call.go", { with: { type: "text" } })],
    ["weir-plugin/context.go", import("../../../../plugins/sdk/go/context.go", { with: { type: "text" } })],
    ["weir-plugin/dispatch.go", import("../../../../plugins/sdk/go/dispatch.go", { with: { type: "text" } })],
    ["weir-plugin/encode.go", import("../../../../plugins/sdk/go/encode.go", { with: { type: "text" } })],
    ["weir-plugin/error.go", import("../../../../plugins/sdk/go/error.go", { with: { type: "text" } })],
    ["weir-plugin/go.mod", import("../../../../plugins/sdk/go/go.mod", { with: { type: "text" } })],
    ["weir-plugin/host.go", import("../../../../plugins/sdk/go/host.go", { with: { type: "text" } })],
    ["weir-plugin/plugin.go", import("../../../../plugins/sdk/go/plugin.go", { with: { type: "text" } })],
    ["weir-plugin/scan.go", import("../../../../plugins/sdk/go/scan.go", { with: { type: "text" } })],
    ["weir-plugin/serve.go", import("../../../../plugins/sdk/go/serve.go", { with: { type: "text" } })],
    ["weir-plugin/session.go", import("../../../../plugins/sdk/go/session.go", { with: { type: "text" } })],
    ["weir-plugin/stream.go", import("../../../../plugins/sdk/go/stream.go", { with: { type: "text" } })],
    ["weir-plugin/writer.go", import("../../../../plugins/sdk/go/writer.go", { with: { type: "text" } })],
    ["weir-plugin/protocol/protocol.go", import("../../../../plugins/sdk/go/protocol/protocol.go", { with: { type: "text" } })],
  ]);
}

export function rustLibrary(): Promise<readonly FileText[]> {
  return texts([
    ["weir-plugin/Cargo.toml", import("../../../../plugins/sdk/rust/Cargo.toml", { with: { type: "text" } })],
    ["weir-plugin/src/action.rs", import("../../../../plugins/sdk/rust/src/action.rs", { with: { type: "text" } })],
    ["weir-plugin/src/base64.rs", import("../../../../plugins/sdk/rust/src/base64.rs", { with: { type: "text" } })],
    ["weir-plugin/src/call.rs", import("../../../../plugins/sdk/rust/src/call.rs", { with: { type: "text" } })],
    ["weir-plugin/src/error.rs", import("../../../../plugins/sdk/rust/src/error.rs", { with: { type: "text" } })],
    ["weir-plugin/src/exchange.rs", import("../../../../plugins/sdk/rust/src/exchange.rs", { with: { type: "text" } })],
    ["weir-plugin/src/host.rs", import("../../../../plugins/sdk/rust/src/host.rs", { with: { type: "text" } })],
    ["weir-plugin/src/lib.rs", import("../../../../plugins/sdk/rust/src/lib.rs", { with: { type: "text" } })],
    ["weir-plugin/src/link.rs", import("../../../../plugins/sdk/rust/src/link.rs", { with: { type: "text" } })],
    ["weir-plugin/src/needs.rs", import("../../../../plugins/sdk/rust/src/needs.rs", { with: { type: "text" } })],
    ["weir-plugin/src/plugin.rs", import("../../../../plugins/sdk/rust/src/plugin.rs", { with: { type: "text" } })],
    ["weir-plugin/src/pool.rs", import("../../../../plugins/sdk/rust/src/pool.rs", { with: { type: "text" } })],
    ["weir-plugin/src/protocol.rs", import("../../../../plugins/sdk/rust/src/protocol.rs", { with: { type: "text" } })],
    ["weir-plugin/src/reader.rs", import("../../../../plugins/sdk/rust/src/reader.rs", { with: { type: "text" } })],
    ["weir-plugin/src/session.rs", import("../../../../plugins/sdk/rust/src/session.rs", { with: { type: "text" } })],
    ["weir-plugin/src/shared.rs", import("../../../../plugins/sdk/rust/src/shared.rs", { with: { type: "text" } })],
    ["weir-plugin/src/stdio.rs", import("../../../../plugins/sdk/rust/src/stdio.rs", { with: { type: "text" } })],
    ["weir-plugin/src/stream.rs", import("../../../../plugins/sdk/rust/src/stream.rs", { with: { type: "text" } })],
    ["weir-plugin/src/watch.rs", import("../../../../plugins/sdk/rust/src/watch.rs", { with: { type: "text" } })],
  ]);
}

export function typescriptLibrary(): Promise<readonly FileText[]> {
  return texts([
    ["weir-plugin/answers.ts", import("../../../../plugins/sdk/typescript/answers.ts", { with: { type: "text" } })],
    ["weir-plugin/body_stream.ts", import("../../../../plugins/sdk/typescript/body_stream.ts", { with: { type: "text" } })],
    ["weir-plugin/call_error.ts", import("../../../../plugins/sdk/typescript/call_error.ts", { with: { type: "text" } })],
    ["weir-plugin/calls.ts", import("../../../../plugins/sdk/typescript/calls.ts", { with: { type: "text" } })],
    ["weir-plugin/description.ts", import("../../../../plugins/sdk/typescript/description.ts", { with: { type: "text" } })],
    ["weir-plugin/exchanges.ts", import("../../../../plugins/sdk/typescript/exchanges.ts", { with: { type: "text" } })],
    ["weir-plugin/host.ts", import("../../../../plugins/sdk/typescript/host.ts", { with: { type: "text" } })],
    ["weir-plugin/log_queue.ts", import("../../../../plugins/sdk/typescript/log_queue.ts", { with: { type: "text" } })],
    ["weir-plugin/mod.ts", import("../../../../plugins/sdk/typescript/mod.ts", { with: { type: "text" } })],
    ["weir-plugin/plugin.ts", import("../../../../plugins/sdk/typescript/plugin.ts", { with: { type: "text" } })],
    ["weir-plugin/protocol.ts", import("../../../../plugins/sdk/typescript/protocol.ts", { with: { type: "text" } })],
    ["weir-plugin/reader.ts", import("../../../../plugins/sdk/typescript/reader.ts", { with: { type: "text" } })],
    ["weir-plugin/serve.ts", import("../../../../plugins/sdk/typescript/serve.ts", { with: { type: "text" } })],
    ["weir-plugin/session.ts", import("../../../../plugins/sdk/typescript/session.ts", { with: { type: "text" } })],
    ["weir-plugin/stdio.ts", import("../../../../plugins/sdk/typescript/stdio.ts", { with: { type: "text" } })],
    ["weir-plugin/streams.ts", import("../../../../plugins/sdk/typescript/streams.ts", { with: { type: "text" } })],
    ["weir-plugin/watches.ts", import("../../../../plugins/sdk/typescript/watches.ts", { with: { type: "text" } })],
    ["weir-plugin/writer.ts", import("../../../../plugins/sdk/typescript/writer.ts", { with: { type: "text" } })],
    ["weir-plugin/mod.js", import("../../../../plugins/sdk/typescript/mod.js", { with: { type: "text" } })],
  ]);
}

async function texts(files: readonly (readonly [string, Promise<object>])[]): Promise<readonly FileText[]> {
  return Promise.all(
    files.map(async ([path, module]) => ({ path, text: ((await module) as { readonly default: string }).default })),
  );
}
