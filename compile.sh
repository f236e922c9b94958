#!/bin/sh
# Makes executables that need nothing else on the host.
#
#   ./compile.sh                      dist/weir, for this machine
#   ./compile.sh linux-arm64 …        dist/weir-linux-arm64 …: linux-x64, linux-arm64, linux-x64-musl, linux-arm64-musl,
#                                     darwin-arm64, darwin-x64, windows-x64; or all
#   ./compile.sh deno [TARGET…]       the same on Deno: dist/weir-deno, dist/weir-deno-TARGET (no musl)
#   ./compile.sh deno --check         packaging alone, where Deno's runtime part can't be downloaded: see docs/install.md
set -eu
root=$(CDPATH= cd "$(dirname "$0")" && pwd -P)
cd "$root"
bun='' deno=''
. "$root/tools/toolchain.sh"

bun_targets='linux-x64 linux-arm64 linux-x64-musl linux-arm64-musl darwin-arm64 darwin-x64 windows-x64'
deno_targets='linux-x64 linux-arm64 darwin-arm64 darwin-x64 windows-x64'

usage() {
  printf 'compile.sh: %s\n' "$1" >&2
  sed -n 's/^#   \.\//usage: .\//p' "$0" >&2
  exit 2
}

version() {
  sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json
}

commit() {
  if commit_is=$(git rev-parse --short=12 HEAD 2>/dev/null); then
    if [ -n "$(git status --porcelain --untracked-files=no 2>/dev/null)" ]; then commit_is=$commit_is-dirty; fi
    printf '%s' "$commit_is"
  else
    printf 'unknown'
  fi
}

# Not minified: stack traces keep the names of functions, and the runtime is all but a hundredth of the size anyway.
bundle() {
  "$bun" build --sourcemap=inline \
    --define "BUILD_VERSION=\"$(version)\"" --define "BUILD_COMMIT=\"$(commit)\"" --define 'process.env.NODE_ENV="production"' "$@"
}

exe() {
  case $1 in windows-*) printf .exe ;; esac
}

# With the bytecode of its code an executable starts in half the time: most of a start was parsing. It needs 8 MB. Bytecode made on another
# system has crashed Bun (oven-sh/bun#18416, #24144), so only an executable for this machine has it.
# A started executable must not take settings from a .env or bunfig.toml that lies where it was started.
compile_bun() {
  printf '%s\n' "$2"
  rm -f "$2"
  bytecode='--bytecode --format=esm'
  if [ -n "$1" ]; then bytecode=''; fi
  # shellcheck disable=SC2086
  if ! bundle --compile $bytecode --no-compile-autoload-dotenv --no-compile-autoload-bunfig ${1:+"--target=bun-$1"} --outfile="$2" src/main.ts >"$2.log" 2>&1 ||
    ! [ -s "$2" ]; then
    cat "$2.log" >&2
    exit 1
  fi
  # The map is inside the executable as well.
  rm -f "$2.log" "$2.map"
}

# Deno gets one bundle instead of the source: `deno compile` would embed all of node_modules, and it dies of a data file in there
# (bintrees/test/perf/100k, under prom-client). What only Bun can load is a chunk of its own, never asked for on Deno.
bundle_for_deno() {
  rm -rf dist/deno
  if ! bundle --target=node --format=esm --splitting --external 'bun:*' --outdir=dist/deno src/main.ts >dist/deno.log 2>&1; then
    cat dist/deno.log >&2
    exit 1
  fi
  rm -f dist/deno.log
  # Without a package.json beside it a .js file is still a module, but one in a directory above must not say otherwise.
  printf '{ "type": "module" }\n' >dist/deno/package.json
}

compile_deno() {
  printf '%s\n' "$2"
  NO_COLOR=1 "$deno" compile --quiet --allow-all --no-check --no-config --no-lock --no-remote --no-npm ${1:+--target "$(triple "$1")"} \
    --include dist/deno --output "$2" dist/deno/main.js
}

triple() {
  case $1 in
    linux-x64) printf x86_64-unknown-linux-gnu ;;
    linux-arm64) printf aarch64-unknown-linux-gnu ;;
    darwin-x64) printf x86_64-apple-darwin ;;
    darwin-arm64) printf aarch64-apple-darwin ;;
    windows-x64) printf x86_64-pc-windows-msvc ;;
  esac
}

# `deno compile` puts the program into a runtime that it downloads, `denort`. Where that can't be had, deno itself stands in for it:
# the result does not run as weir, but the packaging is real, and what it says that it embedded is compared with the bundle.
# That the bundle is complete is shown by running it on Deno, away from the checkout and its node_modules.
check_deno() {
  check_dir=$(mktemp -d)
  trap 'rm -rf "$check_dir"' EXIT
  cp -R dist/deno "$check_dir/bundle"
  (cd "$check_dir" && "$deno" run --allow-all --no-config --no-lock --no-remote --no-npm bundle/main.js version) ||
    { printf 'compile.sh: the bundle does not run on Deno by itself\n' >&2 && exit 1; }
  DENORT_BIN=$deno NO_COLOR=1 "$deno" compile --allow-all --no-check --no-config --no-lock --no-remote --no-npm \
    --include dist/deno --output "$check_dir/weir-deno" dist/deno/main.js >"$check_dir/log" 2>&1 ||
    { cat "$check_dir/log" >&2 && exit 1; }
  [ -s "$check_dir/weir-deno" ] || { printf 'compile.sh: deno compile wrote no file\n' >&2 && exit 1; }
  for check_file in dist/deno/*.js; do
    grep -q " $(basename "$check_file") (" "$check_dir/log" ||
      { cat "$check_dir/log" >&2 && printf 'compile.sh: %s was not embedded\n' "$check_file" >&2 && exit 1; }
  done
  printf 'packaging for Deno: %s modules embedded, %s bytes\n' "$(find dist/deno -name '*.js' | wc -l | tr -d ' ')" "$(wc -c <"$check_dir/weir-deno" | tr -d ' ')"
}

on=bun check='' targets=''
case ${1-} in
  bun | deno)
    on=$1
    shift
    ;;
  -h | --help) usage 'makes executables' ;;
esac
eval "known=\$${on}_targets"
for word in "$@"; do
  case " $known all --check " in
    *" $word "*) ;;
    *) usage "pass one of '$known all': found '$word'" ;;
  esac
  case $word in
    --check) [ "$on" = deno ] || usage "pass --check with 'deno' alone" && check=1 ;;
    all) targets="$targets $known" ;;
    *) targets="$targets $word" ;;
  esac
done

toolchain_install
toolchain_bun
mkdir -p dist
if [ "$on" = bun ]; then
  if [ -z "$targets" ]; then compile_bun '' dist/weir; fi
  for target in $targets; do compile_bun "$target" "dist/weir-$target$(exe "$target")"; done
else
  toolchain_deno
  bundle_for_deno
  if [ -n "$check" ]; then
    check_deno
  else
    if [ -z "$targets" ]; then compile_deno '' dist/weir-deno; fi
    for target in $targets; do compile_deno "$target" "dist/weir-deno-$target$(exe "$target")"; done
  fi
fi
