import { inFolder, type Kit } from "./kit.ts";

/** No library: messages are lines of JSON, which is what jq reads and writes. */
export async function shellKit(name: string): Promise<Kit> {
  const program = `${name}.sh`;
  return {
    needs: "jq 1.6 or newer",
    build: null,
    command: [`./${program}`],
    config: (folder) => `{ command: ${inFolder(folder, program)} }`,
    main: program,
    files: [{ path: program, text: mainOf(name), isProgram: true }],
  };
}

function mainOf(name: string): string {
  return `#!/bin/sh
# A plugin of Weir: sets the field x-hello of each reply.
set -u
# What it is, and what it asks for: fields that a phase does not name are not sent to it.
about='"name":"${name}","version":"1.0","phases":{"responseHead":{"fields":["content-type"]}}'

if [ "\${1-}" = --describe ]; then
  printf '{%s}\\n' "$about"
  exit 0
fi
if [ "\${WEIR_PLUGIN-}" != stdio-jsonrpc-1 ]; then
  echo "${name} 1.0 is a plugin of Weir: name it under plugins in Weir's config" >&2
  exit 1
fi
if ! command -v jq >/dev/null 2>&1; then
  echo "install jq 1.6 or newer, in a folder of PATH: ${name} found none" >&2
  exit 1
fi

# Without --unbuffered jq would keep its answers until there are many, and every call would time out.
exec jq --null-input --unbuffered --compact-output --argjson about "{$about}" '
  def answer(result): {jsonrpc: "2.0", id: .id, result: result};
  def refuse(code; message): {jsonrpc: "2.0", id: .id, error: {code: code, message: message}};

  def response_head: {fields: [["set", "x-hello", "${name}"]]};

  def reply:
    if .method == "initialize" then answer({protocol: 1} + $about)
    elif .method == "responseHead" then answer(response_head)
    elif .method == "ping" or .method == "configure" or .method == "shutdown" then answer({})
    else refuse(-32601; "no method \\(.method)") end;

  label $over
  | inputs
  | if .method == null or (has("id") | not) then empty
    else . as $message
      | (try reply catch ($message | refuse(-32603; "it failed on this message"))),
        (if .method == "shutdown" then break $over else empty end)
    end
'
`;
}
