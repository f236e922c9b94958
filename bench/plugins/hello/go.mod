module hello

go 1.21

require weir/plugin v0.0.0

replace weir/plugin => ../../../plugins/sdk/go
