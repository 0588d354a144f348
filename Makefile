# All that a newcomer needs. `make help` lists it.

PREFIX ?= /usr/local
DESTDIR ?=
RELEASE := .build/release/hookgate
SHARE := $(DESTDIR)$(PREFIX)/share

.DEFAULT_GOAL := help
.PHONY: help demo test check build install package package-test bench faults fuzz reference format run-demo

help: ## list what make can do here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

demo: ## the whole story on a private PostgreSQL, with a sample fleet
	@scripts/system-packages demo
	@$(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory run-demo

test: ## everything CI runs: checks, tests, release build and demo
	@scripts/test

check: ## formatting, module boundaries, reference pages, stray words
	@scripts/check

build: ## the release binary, at .build/release/hookgate
	swift build -c release --product hookgate --static-swift-stdlib

install: build ## binary and shell completions, below PREFIX (/usr/local), inside DESTDIR
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(SHARE)/bash-completion/completions" \
		"$(SHARE)/zsh/site-functions" "$(SHARE)/fish/vendor_completions.d"
	install -m 755 $(RELEASE) "$(DESTDIR)$(PREFIX)/bin/hookgate"
	$(RELEASE) --generate-completion-script bash > "$(SHARE)/bash-completion/completions/hookgate"
	$(RELEASE) --generate-completion-script zsh > "$(SHARE)/zsh/site-functions/_hookgate"
	$(RELEASE) --generate-completion-script fish > "$(SHARE)/fish/vendor_completions.d/hookgate.fish"

package: build ## the Debian package, in .build/package
	@scripts/package

package-test: package ## installs that package into a fresh Debian and serves from there; needs root
	@scripts/package-test

bench: build ## gateway, delivery and a migration of a million instances beside peers, the console's pages, allocations
	@scripts/bench

faults: build ## kills, outages, full disks and rolling restarts under load; then counts every event
	@scripts/system-packages faults
	swift build -c release --product hookgate-evolution-sim --static-swift-stdlib
	@python3 -B Tests/Faults $(FAULTS) $(RELEASE)
	@$(if $(FAULTS),,HOOKGATE_WHOLE_SIZE=1 swift test --disable-xctest --filter 'DeliveryFaultTests|LifeFaultTests|RevocationRaceTests')

fuzz: ## libFuzzer against everything that reads a stranger's bytes, FUZZ_SECONDS (60) for each target
	@scripts/system-packages build
	@scripts/fuzz

reference: ## write docs/cli.json and the table of docs/configuration.md anew
	@scripts/reference

format: ## format the Swift sources in place
	swift format --in-place --recursive --parallel --configuration .swift-format Package.swift Sources Tests \
		Fuzz/Package.swift Fuzz/Sources/hookgate-fuzz/main.swift Fuzz/Sources/hookgate-fuzz/Target.swift Benchmarks

run-demo:
	$(RELEASE) demo --no-wait
