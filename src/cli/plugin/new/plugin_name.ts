const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const LONGEST = 40;

/** The library's folder, and what else a new plugin's folder has. */
const TAKEN = ["weir-plugin", "weir", "fixtures", "main"];

/** Names that cargo refuses for a package or its program: keywords, packages that every program has, folders of its own. */
const TAKEN_IN_RUST = (
  "abstract alloc as async await become box break build const continue core crate deps do dyn else enum examples extern false final fn " +
  "for gen if impl in incremental let loop macro match mod move mut override priv proc-macro pub ref return self static std struct super " +
  "test trait true try type typeof unsafe unsized use virtual where while yield serde serde-json"
).split(" ");

/**
 * What is wrong with the name of a new plugin, for people; null: nothing. It becomes the name of a folder, of a program, of a package, and
 * a key of YAML, and is put into source in quotes.
 */
export function checkPluginName(name: string, language: string): string | null {
  const shown = JSON.stringify(name);
  if (!NAME.test(name) || name.length > LONGEST)
    return `name it with 1 to ${LONGEST} small letters, digits and single dashes, a letter first: found ${shown}`;
  if (TAKEN.includes(name)) return `choose another name: ${shown} is taken by what a plugin's folder holds`;
  if (language === "rust" && TAKEN_IN_RUST.includes(name)) return `choose another name: cargo takes no package ${shown}`;
  // A key that YAML reads as no text.
  if (["true", "false", "null", "y", "n", "yes", "no", "on", "off"].includes(name))
    return `choose another name: ${shown} is no text in YAML`;
  return null;
}
