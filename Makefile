# A facade: every target is a few commands that can be typed by hand. `make help` lists them.
#
# Targets that need more than a compiler first call tools/setup, which installs what is missing where it may (root on
# Debian) and otherwise prints the line to run. Nothing is installed, nor any network used, when all is there.

SHELL := /bin/bash
.DEFAULT_GOAL := help
PRESETS := release asan web
MATRIX := release clang-release asan slab tsan amalgamation poll web

.PHONY: help demo web-demo test matrix random torture bench js-package wasm-size amalgamation api abidiff conformance format clean
.NOTPARALLEL:

help: ## this list
	@sed -n 's/^\([a-z%-]*\):.*## \(.*\)/make \1~\2/p' $(MAKEFILE_LIST) | column -t -s '~' 2>/dev/null \
	  || sed -n 's/^\([a-z%-]*\):.*## /make \1: /p' $(MAKEFILE_LIST)

demo: ## build a release, run the quickstart, then the word count on this very tree; both again in Node, the first in JavaScript too
	@tools/setup demo
	@mkdir -p build/demo
	cmake -S . -B build/demo -DCMAKE_BUILD_TYPE=Release -DANYLOOP_BUILD_TESTS=OFF >build/demo/configure.log
	cmake --build build/demo -j 2 >build/demo/build.log
	build/demo/examples/01-quickstart/quickstart
	tools/demo-wordcount build/demo
	@tools/demo-node build/demo build/demo-node

web-demo: ## the word count in a page, over files that you drop: builds it and serves it on 127.0.0.1 (PORT=8000)
	@tools/setup web-demo
	@tools/web-demo

test: ## what a change must pass: release, AddressSanitizer + UBSan, Node and browser, every test
	@tools/setup test
	@tools/lanes test $(PRESETS)

matrix: ## all eight builds, every test in each
	@$(MAKE) --no-print-directory test PRESETS="$(MATRIX)"

test-%: ## one build of the matrix, such as test-tsan
	@tools/lanes test $*

amalgamation: ## anyloop.c and anyloop.h into build/amalgamation
	@tools/setup amalgamation
	python3 tools/amalgamate.py build/amalgamation

api: ## after a change of the headers: lint them, write api.json and what else follows from them
	@tools/setup api
	@python3 -B tools/api.py write

abidiff: ## what changed in the ABI since the last tag or commit (BASE=... to choose), into build/abidiff.txt
	@tools/setup abidiff
	@tools/abidiff $(BASE)

conformance: ## the C runner on the corpus (PRESET=asan, DIR=... to choose)
	@tools/setup conformance
	PRESET=$${PRESET:-release} tests/conformance/run c $${DIR:-tests/conformance/corpus}

random: ## fresh random scenarios, compared with CPython's asyncio (N=1000, SEED=..., RUNNER="c js-wasm")
	@tools/setup random
	@tools/random $(RUNNER)

torture: ## the long lanes: every fault point of every scenario, 100000 random programs
	@tools/setup torture
	@tools/torture

bench: ## what things cost, beside their floors, and in Node: bench/README.md says what the rows are (PEERS="libuv tokio libdill" DILL=... ROWS="W1 W5" REPETITIONS=9)
	@tools/setup bench
	@mkdir -p build/bench build/release
	@cmake --preset release >build/bench/configure.log 2>&1 || { cat build/bench/configure.log; exit 1; }
	@cmake --build --preset release --target bench-programs >build/bench/build.log 2>&1 || { cat build/bench/build.log; exit 1; }
	@python3 bench/run build/release/bench --peers "$(PEERS)" --rows "$(ROWS)" --dill "$(DILL)" $(if $(REPETITIONS),--repetitions $(REPETITIONS))

js-package: ## the npm package for JavaScript, into build/js
	@tools/setup demo
	@mkdir -p build/js
	@bindings/js/tools/build
	@npm pack --silent --offline --ignore-scripts --pack-destination build/js ./bindings/js

wasm-size: ## how large the web build is: a line for each file, NAME raw gzip brotli
	@tools/setup demo
	@mkdir -p build/web
	@cmake --preset web >build/web/configure.log 2>&1 || { cat build/web/configure.log; exit 1; }
	@cmake --build --preset web --target wasm-size >build/web/build.log 2>&1 || { cat build/web/build.log; exit 1; }
	@PATH="$$PWD/build/tools/node_modules/.bin:$$PATH" node tools/wasm-size.mjs build/web/tests/size

format: ## clang-format all C files
	git ls-files '*.c' '*.h' ':!examples' ':!docs' ':!tests/abi/contract.c' | xargs clang-format-19 -i

clean: ## remove everything built
	rm -rf build
