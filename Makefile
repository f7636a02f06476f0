# kprep: build, test, prove. Needs Go, git and make.

GO       ?= go
PREFIX   ?= /usr/local
VERSION  ?= $(shell test -e .git && git describe --tags --always --dirty --abbrev=12 2>/dev/null || echo devel)
FUZZTIME ?= 10s
CRASHES  ?= 500
LINUX    ?= bin/linux
QUESTIONS ?= 250
SEED     ?= 1
PAIRS    ?= 500
SERIES   ?= 10000
SCREENSHOTS ?= bin/screenshots
NFPM     ?= bin/tools/nfpm
TARGETS  ?= linux/amd64 linux/arm64 linux/riscv64 darwin/amd64 darwin/arm64 windows/amd64

# When the last commit was, "" for sources without git: a repository around them
# is another's.
EPOCH = $${SOURCE_DATE_EPOCH:-$$(test -e .git && git log -1 --format=%ct 2>/dev/null)}

# Without a home directory Go has no place for its caches.
ifeq ($(HOME),)
export GOPATH     ?= $(CURDIR)/bin/.gopath
export GOMODCACHE ?= $(GOPATH)/pkg/mod
export GOCACHE    ?= $(CURDIR)/bin/.gocache
export GOFLAGS    += -modcacherw
endif

# What writes manual pages out of urfave/cli's declarations is not used, and
# would cost every start a quarter of a millisecond; nor is pgx's table of all types
# that Go may hand to PostgreSQL, a megabyte and a half.
TAGS = urfave_cli_no_docs,nopgxregisterdefaulttypes

BUILD_FLAGS = -buildvcs=false -trimpath -tags $(TAGS) -ldflags "-s -w -X main.version=$(VERSION)"

# Go's own way of naming a place wins over PREFIX.
BINDIR = $(if $(GOBIN),$(GOBIN),$(PREFIX)/bin)
MANDIR ?= $(PREFIX)/share/man
BASHDIR = $(PREFIX)/share/bash-completion/completions
ZSHDIR  = $(PREFIX)/share/zsh/site-functions
FISHDIR = $(PREFIX)/share/fish/vendor_completions.d
FISHCONF = $(PREFIX)/share/fish/vendor_conf.d

.PHONY: all build man install install-built uninstall dist dist-check test check vet-elsewhere fuzz crash load scenarios proof-xdiff proof-rangediff conformance conformance-mail bench demo newcomer peers screenshots clean

all: build

build:
	CGO_ENABLED=0 $(GO) build $(BUILD_FLAGS) -o bin/kprep ./cmd/kprep

# The manual, out of what the program says of itself and docs/; dated by the
# last commit, so that it can be made again.
man: build
	rm -rf bin/man
	SOURCE_DATE_EPOCH=$(EPOCH) bin/kprep manual bin/man

# install-built takes what "make man" has left: root needs no Go, and leaves nothing
# of his in bin.
install: man
install install-built:
	install -d "$(DESTDIR)$(BINDIR)"
	install -m 755 bin/kprep "$(DESTDIR)$(BINDIR)/kprep"
	ln -sf kprep "$(DESTDIR)$(BINDIR)/git-kprep"
	install -d "$(DESTDIR)$(MANDIR)/man1" "$(DESTDIR)$(MANDIR)/man7"
	install -m 644 bin/man/man1/* "$(DESTDIR)$(MANDIR)/man1"
	install -m 644 bin/man/man7/* "$(DESTDIR)$(MANDIR)/man7"
	install -d "$(DESTDIR)$(BASHDIR)" "$(DESTDIR)$(ZSHDIR)" "$(DESTDIR)$(FISHDIR)" "$(DESTDIR)$(FISHCONF)"
	install -m 644 cmd/kprep/completion/bash "$(DESTDIR)$(BASHDIR)/kprep"
	ln -sf kprep "$(DESTDIR)$(BASHDIR)/git-kprep"
	install -m 644 cmd/kprep/completion/zsh "$(DESTDIR)$(ZSHDIR)/_kprep"
	ln -sf _kprep "$(DESTDIR)$(ZSHDIR)/_git-kprep"
	install -m 644 cmd/kprep/completion/fish "$(DESTDIR)$(FISHDIR)/kprep.fish"
	ln -sf ../vendor_completions.d/kprep.fish "$(DESTDIR)$(FISHCONF)/kprep.fish"

# Takes away what install has put into the same places.
uninstall:
	rm -f "$(DESTDIR)$(BINDIR)/kprep" "$(DESTDIR)$(BINDIR)/git-kprep"
	rm -f "$(DESTDIR)$(MANDIR)"/man1/kprep.1 "$(DESTDIR)$(MANDIR)"/man1/git-kprep.1 "$(DESTDIR)$(MANDIR)"/man[17]/kprep-*.[17]
	rm -f "$(DESTDIR)$(BASHDIR)/kprep" "$(DESTDIR)$(BASHDIR)/git-kprep" "$(DESTDIR)$(ZSHDIR)/_kprep" "$(DESTDIR)$(ZSHDIR)/_git-kprep"
	rm -f "$(DESTDIR)$(FISHDIR)/kprep.fish" "$(DESTDIR)$(FISHCONF)/kprep.fish"

# The release: archives for TARGETS, .deb and .rpm for those of Linux, hashes.
# It depends on the commit and on Go alone.
dist: $(NFPM)
	$(GO) run ./internal/release -o dist -version "$(VERSION)" -tags $(TAGS) -nfpm "$(abspath $(NFPM))" \
		-epoch "$(EPOCH)" $(TARGETS)

# Makes it twice and compares; installs, uses and removes the .deb.
dist-check: $(NFPM)
	GO="$(GO)" MAKE="$(MAKE)" scripts/dist-check "$(NFPM)" $(TARGETS)

bin/tools/nfpm: scripts/nfpm
	GO="$(GO)" scripts/nfpm bin/tools

# A missing peer is named here; under CI=true it is a failure.
test:
	@scripts/peers missing
	@test -e bin/axe/.complete || echo "no axe-core in bin/axe: nobody judges how accessible pages are ('make peers')" >&2
	@test -e "$${KPREP_LINUX:-bin/linux}/.complete" || echo "no sources of Linux in bin/linux: maintainers is not compared with the real script ('make conformance')" >&2
	$(GO) test -tags $(TAGS) ./...

check: vet-elsewhere
	@files=$$(gofmt -l .); test -z "$$files" || { echo "gofmt wants to change:"; echo "$$files"; exit 1; }
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

# What runs elsewhere is at least looked at, tests included: all but those that kill
# processes, which are for Unix.
vet-elsewhere:
	GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 $(GO) vet ./...
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) vet $$($(GO) list ./... | grep -v -e '/internal/e2e$$' -e '/oplog$$')
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) build ./...

fuzz:
	GO="$(GO)" scripts/fuzz $(FUZZTIME)

# Kill kprep at random moments, many times.
crash:
	KPREP_CRASHES=$(CRASHES) $(GO) test -count=1 -timeout=2h -v -run 'Kill|Crash' ./oplog ./cmd/kprep ./internal/e2e ./endpoint/server/delivery

# Load the web submission service, kill it under load, and attack it.
load:
	KPREP_LOAD=1 $(GO) test -count=1 -timeout=1h -v ./internal/loadtest

# Play every fault of the mail with the whole program.
scenarios:
	KPREP_SCENARIOS=1 $(GO) test -count=1 -timeout=30m -v -run 'TestFaults|TestEveryFault' ./internal/e2e

# Compare line diffs with git's, many times; a seed is printed.
proof-xdiff:
	KPREP_XDIFF_PAIRS=$(PAIRS) $(GO) test -count=1 -timeout 2h -v -run AsGit ./rangediff/xdiff

# Compare range-diffs of random series with git's, many times; a seed is printed.
proof-rangediff:
	KPREP_RANGEDIFF_PAIRS=$(SERIES) $(GO) test -count=1 -timeout 2h -v -run RangeDiff.*AsGit ./cmd/kprep

# Compare the MAINTAINERS query with the real script, in the sources of Linux.
conformance:
	scripts/linux-tree "$(LINUX)"
	KPREP_LINUX="$(abspath $(LINUX))" KPREP_CONFORMANCE=$(QUESTIONS) KPREP_SEED=$(SEED) \
		$(GO) test -count=1 -timeout 2h -v -run Conformance ./maintainers

# Real mail programs, on loopback: Postfix and Exim, which want root, smtp-sink,
# msmtp. Debian's Exim stays below bin.
conformance-mail:
	scripts/exim bin/exim
	KPREP_POSTFIX=1 KPREP_EXIM="$(abspath bin/exim)/usr/sbin/exim4" $(GO) test -count=1 -v -run Agrees ./sendmail

bench: build
	$(GO) run ./internal/bench -kprep bin/kprep $(BENCHFLAGS)

demo: build
	bin/kprep tour

# From the sources to the first mail to oneself, in ten commands, and where hints
# lead whoever reads nothing; each part with the time it takes.
newcomer:
	$(GO) test -count=1 -v -run 'TestScripts/newcomer' ./cmd/kprep | grep -E '^ *(testscript.go:[0-9]+: )?# |^(---|ok|FAIL|PASS)|FAIL:'

peers:
	scripts/peers install
	scripts/axe bin/axe
	GO="$(GO)" scripts/nfpm bin/tools

# Pictures of every page of 'kprep ui', at three widths, light and dark.
screenshots:
	rm -rf "$(SCREENSHOTS)" && mkdir -p "$(SCREENSHOTS)"
	KPREP_SCREENSHOTS="$(abspath $(SCREENSHOTS))" $(GO) test -count=1 -v -run TestPictures ./ui
	@echo "they are in $(SCREENSHOTS)"

clean:
	rm -rf bin dist
