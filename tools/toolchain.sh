# Shared by weir, test.sh and compile.sh: sourced, with $root set to the checkout. POSIX sh.
#
#   toolchain_install       dependencies as package-lock.json pins them, only when they are not there already
#   toolchain_bun           sets $bun to a Bun of the pinned version
#   toolchain_deno          sets $deno to a Deno of the pinned version
#   run_bun, run_deno       the flags under which the program's own source is run

# The file is made last by an installation, so that one that broke off half-way counts for nothing.
toolchain_stamp=$root/node_modules/.weir_toolchain

# Neither runtime is to read settings from the directory that weir happens to be started in, fetch code, or report anywhere.
bun_flags='--no-env-file --config=/dev/null --no-install'
deno_flags='--allow-all --no-check --no-config --node-modules-dir=manual --no-lock --no-remote'
export DO_NOT_TRACK=1 DENO_NO_UPDATE_CHECK=1 BUN_ENABLE_CRASH_REPORTING=0
# Nor is Deno to put a `node` of its own into the PATH that plugins get, as it does where it sees a package.json.
export DENO_DISABLE_NODE_SHIM=1
unset DENO_NO_PACKAGE_JSON

toolchain_fail() {
  printf 'weir: %s\n' "$1" >&2
  exit 3
}

toolchain_sum() {
  cat "$root/package.json" "$root/package-lock.json" "$root/tools/toolchain.sh" | cksum
}

# Prints the version that package.json pins for the package $1.
toolchain_pinned() {
  sed -n "s/^ *\"$1\": *\"\([0-9][^\"]*\)\".*/\1/p" "$root/package.json" | head -n 1
}

toolchain_install() {
  if [ -f "$toolchain_stamp" ]; then
    { read -r toolchain_have && read -r bun && read -r deno; } <"$toolchain_stamp" || toolchain_have=
    if [ "$toolchain_have" = "$(toolchain_sum)" ] && { [ -x "$bun" ] || [ -x "$deno" ]; }; then return 0; fi
  fi
  toolchain_lock
  # Who waited for the lock finds the work done.
  if ! toolchain_complete; then
    command -v npm >/dev/null 2>&1 || toolchain_fail 'install Node 20 or newer with npm: it fetches the pinned Bun, Deno and libraries, and was not found in PATH'
    printf 'weir: installing the pinned toolchain and dependencies (once, needs the npm registry)\n' >&2
    # No install script of any package is run: all that they would do is to copy the runtimes' binaries, which are found where they lie.
    if ! (cd "$root" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >/dev/null); then
      toolchain_unlock
      toolchain_fail "see npm's message above: \`npm ci\` in '$root' failed"
    fi
  fi
  bun=$(toolchain_find bun "$(toolchain_pinned bun)")
  deno=$(toolchain_find deno "$(toolchain_pinned deno)")
  if [ -n "$bun$deno" ]; then
    toolchain_link bun "$bun"
    toolchain_link deno "$deno"
    printf '%s\n' "$(toolchain_sum)" "$bun" "$deno" >"$toolchain_stamp.$$" && mv "$toolchain_stamp.$$" "$toolchain_stamp"
  fi
  toolchain_unlock
}

# True when node_modules holds what the lock file asks for on this machine, however it was put there.
toolchain_complete() {
  [ -f "$root/node_modules/.package-lock.json" ] && node "$root/tools/installed.mjs" "$root" >/dev/null 2>&1
}

# Two starts at once must not run npm twice in one directory. The owner's process id tells a stale lock.
toolchain_lock() {
  toolchain_tries=0
  until mkdir "$root/.toolchain.lock" 2>/dev/null; do
    toolchain_owner=$(cat "$root/.toolchain.lock/pid" 2>/dev/null || true)
    if [ -n "$toolchain_owner" ] && ! kill -0 "$toolchain_owner" 2>/dev/null; then
      rm -rf "$root/.toolchain.lock"
      continue
    fi
    toolchain_tries=$((toolchain_tries + 1))
    [ -d "$root/.toolchain.lock" ] || [ "$toolchain_tries" -lt 5 ] || toolchain_fail "make '$root' writable: the toolchain is installed there"
    [ "$toolchain_tries" -lt 600 ] || toolchain_fail "remove '$root/.toolchain.lock' when nothing else is installing: waited 10 minutes for process '$toolchain_owner'"
    sleep 1
  done
  printf '%s\n' "$$" >"$root/.toolchain.lock/pid"
  trap toolchain_unlock EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

toolchain_unlock() {
  rm -rf "$root/.toolchain.lock"
  trap - EXIT INT TERM
}

# Prints the first binary of the runtime $1 that starts on this machine and is of version $2, or nothing.
# npm picks packages by the system's C library, but not every npm does: only a start proves that one fits.
toolchain_find() {
  for toolchain_try in \
    "$root"/node_modules/@oven/"$1"-*/bin/"$1" "$root"/node_modules/@oven/"$1"-*/bin/"$1.exe" \
    "$root"/node_modules/@"$1"/*/"$1" "$root"/node_modules/@"$1"/*/"$1.exe" \
    "$root/node_modules/$1/bin/$1.exe" "$root/node_modules/$1/$1" "$(command -v "$1" 2>/dev/null)"; do
    [ -f "$toolchain_try" ] || continue
    [ -x "$toolchain_try" ] || chmod +x "$toolchain_try" 2>/dev/null || continue
    toolchain_says=$("$toolchain_try" --version 2>/dev/null </dev/null | head -n 1)
    case $toolchain_says in
      "$2" | "deno $2 "*)
        printf '%s\n' "$toolchain_try"
        return 0
        ;;
    esac
  done
  return 0
}

# node_modules/.bin is where people and editors look for the tools; without install scripts npm links placeholders there.
toolchain_link() {
  [ -n "$2" ] || return 0
  case $2 in "$root"/node_modules/*) ;; *) return 0 ;; esac
  mkdir -p "$root/node_modules/.bin"
  ln -sf "..${2#"$root/node_modules"}" "$root/node_modules/.bin/$1"
}

toolchain_bun() {
  [ -x "$bun" ] || toolchain_fail "use a machine that Bun $(toolchain_pinned bun) has a build for, or set WEIR_RUNTIME=deno: found no Bun that starts on $(uname -s) $(uname -m) in node_modules/@oven"
}

toolchain_deno() {
  [ -x "$deno" ] || toolchain_fail "use a machine that Deno $(toolchain_pinned deno) has a build for, or unset WEIR_RUNTIME: found no Deno that starts on $(uname -s) $(uname -m) in node_modules/@deno"
}
