# make demo      try everything on this machine
# make test      all checks and tests, on SQLite and PostgreSQL, with a browser; installs what it lacks
# make build     the binary, bin/gatehouse
# make generate  Go code from the pages (.templ)
# make fmt       format everything

SHELL := /bin/bash
TOOL := go tool -modfile=tools/go.mod

# The product is built without C. Only the race detector needs it.
export CGO_ENABLED := 0

# Packages whose tests run under the race detector, the end-to-end tests, and the rest. Of handlers those tests run again under it
# that do several things at once: all of them would take longer than everything else together.
RACE := ./models/... ./jobs/...
RACE_HANDLERS := TheApplicationMustAdd|TwoInstances|OneOfMany|Activity|Conversation|Mail|Limit
# What SQLite does inside its own code is not watched: it is C made into Go, one connection at a time, and would cost half of the time.
RACE_FLAGS := -race -gcflags='github.com/ncruces/go-sqlite3-wasm/...=-race=false'
E2E := ./e2e/...
REST = $(shell go list ./... | grep -v -x -F -f <(go list $(RACE) $(E2E)))

.PHONY: help build demo generate fmt test prepare check unit race e2e

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

build:
	go build -trimpath -o bin/gatehouse .

demo:
	go run . demo

generate:
	$(TOOL) templ generate -path ./views
	$(TOOL) templ generate -path ./demo

fmt:
	$(TOOL) templ fmt ./views ./demo
	$(TOOL) gofumpt -w .

test: prepare check unit race e2e
	@echo "All checks and tests passed, on SQLite and PostgreSQL."

prepare:
	@tools/prepare.sh

# That the pages are generated and formatted is a test of internal/house.
check:
	go vet ./...
	$(TOOL) staticcheck ./...
	@unformatted=$$($(TOOL) gofumpt -l .); if [ -n "$$unformatted" ]; then \
		echo "Not formatted: $$unformatted. Run: make fmt" >&2; exit 1; fi

unit:
	go test -timeout 25m $(REST)

race:
	CGO_ENABLED=1 go test -timeout 25m $(RACE_FLAGS) $(RACE)
	CGO_ENABLED=1 go test -timeout 25m $(RACE_FLAGS) -run '$(RACE_HANDLERS)' ./handlers

e2e:
	go test -timeout 25m $(E2E)
