# `make` says what there is. Everything uses the profile release, so that HiGHS is compiled once.

PLEACH := target/release/pleach
DEMO := target/demo

.PHONY: help setup demo test bench clean

help:
	@echo "make setup   find or fetch cmake and libclang, which the build of HiGHS needs, and a browser for tests of pages"
	@echo "make demo    build, make a national final of 20,000 viewers, solve it, check the plan, draw it"
	@echo "make test    all tests"
	@echo "make bench   benchmarks"
	@echo "make clean   remove what was built, fetched tools included"

setup:
	@.ci/setup

demo: setup
	cargo build --release
	@mkdir -p $(DEMO)
	$(PLEACH) generate national-final --links binding --nat mixed -o $(DEMO)/final.json
	$(PLEACH) solve $(DEMO)/final.json -o $(DEMO)/plan.json
	$(PLEACH) check $(DEMO)/final.json $(DEMO)/plan.json
	$(PLEACH) report $(DEMO)/final.json $(DEMO)/plan.json --html $(DEMO)/report.html

test: setup
	cargo test --release

bench: setup
	cargo bench --profile release

clean:
	rm -rf target .tools
	@if [ -f .cargo/config.toml ] && grep -q '^# Written by .ci/setup' .cargo/config.toml; then rm .cargo/config.toml; fi
