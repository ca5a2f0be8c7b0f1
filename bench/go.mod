module github.com/gatehouse-sso/gatehouse/bench

go 1.26.0
