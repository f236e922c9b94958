module weir.test/goclient

go 1.21
