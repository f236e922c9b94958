module weir/plugins/api-key

go 1.21

require weir/plugin v0.0.0

replace weir/plugin => ../sdk/go
