import { type FileText, inFolder, type Kit } from "./kit.ts";
import { rustLibrary } from "./sdk_files.ts";

export async function rustKit(name: string): Promise<Kit> {
  const program = `target/release/${name}`;
  return {
    needs: "a recent Rust with cargo, which fetches serde and serde_json from crates.io",
    build: "cargo build --release",
    command: [`./${program}`],
    config: (folder) => `{ command: ${inFolder(folder, program)} }`,
    main: "src/main.rs",
    files: [
      { path: "src/main.rs", text: mainOf(name) },
      { path: "Cargo.toml", text: manifestOf(name) },
      { path: ".gitignore", text: "/target/\n" },
      ...(await rustLibrary()).map(withoutExamples),
    ],
  };
}

/** Only the program is new here, not what the library is tested with. */
function withoutExamples(file: FileText): FileText {
  return file.path.endsWith("/Cargo.toml") ? { ...file, text: file.text.replace(/\[\[example\]\]\n(?:.+\n)+\n/, "") } : file;
}

function manifestOf(name: string): string {
  return `[package]
name = "${name}"
version = "1.0.0"
edition = "2021"
publish = false

[dependencies]
weir-plugin = { path = "weir-plugin" }

[profile.release]
lto = true
`;
}

function mainOf(name: string): string {
  return `use weir_plugin::{Action, Needs, Plugin};

fn main() {
    Plugin::new("${name}", "1.0")
        // Fields that are not named here are not sent. quick: it never waits for anything.
        .response_head(Needs::new().fields(["content-type"]).quick(), |_call| {
            Ok(Action::new().set("x-hello", "${name}"))
        })
        .run();
}
`;
}
