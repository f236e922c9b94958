//go:build tools

// Package grpc pins gRPC's own interoperability client.
package grpc

import _ "google.golang.org/grpc/interop/client"
