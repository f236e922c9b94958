module weir/plugin

go 1.21
