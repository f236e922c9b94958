//go:build tools

// Package h2spec pins the conformance client, which has no go.mod of its own, with what it is built of.
package h2spec

import _ "github.com/summerwind/h2spec/cmd/h2spec"
