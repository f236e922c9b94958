import { inFolder, type Kit } from "./kit.ts";
import { goLibrary } from "./sdk_files.ts";

export async function goKit(name: string): Promise<Kit> {
  return {
    needs: "Go 1.21 or newer",
    build: `go build -o ${name} .`,
    command: [`./${name}`],
    config: (folder) => `{ command: ${inFolder(folder, name)} }`,
    main: "main.go",
    files: [
      { path: "main.go", text: mainOf(name) },
      { path: "go.mod", text: moduleOf(name) },
      { path: ".gitignore", text: `/${name}\n` },
      ...(await goLibrary()),
    ],
  };
}

/** Names below \`example/\` are kept free by Go, so that no standard package is hidden. */
function moduleOf(name: string): string {
  return `module example/${name}

go 1.21

require weir/plugin v0.0.0

replace weir/plugin => ./weir-plugin
`;
}

function mainOf(name: string): string {
  return `package main

import (
	"context"

	weir "weir/plugin"
)

func main() {
	weir.Serve(&weir.Plugin{Name: "${name}", Version: "1.0", ResponseHead: &weir.ResponseHead{
		// Fields that are not named here are not sent. Quick: it never waits for anything.
		Fields: []string{"content-type"},
		Quick:  true,
		Handle: func(_ context.Context, c *weir.ResponseCall) (*weir.Action, error) {
			return &weir.Action{Fields: []weir.FieldChange{weir.Set("x-hello", "${name}")}}, nil
		},
	}})
}
`;
}
