#!/bin/sh
# Runs the tests and ends with one line: N passed, N failed, N skipped. Exit code 0 only when something ran and nothing failed.
#
#   ./test.sh                   everything but interop, e2e-bun, whose runtime is that of e2e-dist, and of e2e-deno what is no matter
#                               of the runtime; in two lanes side by side
#   ./test.sh PART…             some of it: lint types arch unit seam plugins golden conformance fuzz on-deno e2e packaging interop
#                               (on-deno: unit and seam under Deno's runner; e2e: e2e-bun e2e-deno e2e-dist;
#                               interop: interop-bun interop-deno interop-dist)
#   ./test.sh long              everything, with the cases that take minutes, more rounds of fuzz, and interop; in one lane
#   ./test.sh unit -- NAME…     further words go to bun test: parts of file names, -t 'part of a test name'
#
# FUZZ_SEED=n repeats a fuzz run: a failing one prints its seed.
set -eu
root=$(CDPATH= cd "$(dirname "$0")" && pwd -P)
cd "$root"
bun='' deno=''
. "$root/tools/toolchain.sh"

# What a test waits for is seldom a core: two lanes of about the same length take little more than half as long.
lane='lint types arch unit seam e2e-deno'
beside='golden plugins conformance fuzz on-deno e2e-dist packaging'
all="$lane $beside e2e-bun"
# Programs of others against Weir, which have to be built first (tools/peers/build): h2spec, gRPC's interoperability cases, Autobahn's, h2load.
interop='interop-bun interop-deno interop-dist'
# Files of e2e about policies, whose code is the same on every runtime and stands above all that is not: without parts named and without
# 'long' they are left to e2e-dist.
policies='balancing breakers chaos_balance chaos_hosts forwarding health limits mirror observe overload'
policies="$policies plugin_choices plugin_commands plugin_endpoints plugin_samples retry samples traffic_filters"
passed=0 failed=0 skipped=0 broken=''

parts=''
while [ $# -gt 0 ]; do
  case $1 in
    --) shift && break ;;
    long) export WEIR_LONG=1 ;;
    all) parts="$parts $all" ;;
    e2e) parts="$parts e2e-bun e2e-deno e2e-dist" ;;
    interop) parts="$parts $interop" ;;
    *)
      case " $all $interop " in
        *" $1 "*) parts="$parts $1" ;;
        *)
          printf "test.sh: pass 'long', 'e2e', 'interop' or one of '%s': found '%s'\n" "$all $interop" "$1" >&2
          exit 2
          ;;
      esac
      ;;
  esac
  shift
done

toolchain_install
toolchain_bun
toolchain_deno
# Tests start the runtimes from there; a person's own settings of them are none of the tests' business.
export PATH="$root/node_modules/.bin:$PATH"
unset BUN_OPTIONS BUN_INSPECT NODE_OPTIONS WEIR_RUNTIME

# Seconds that a part may take before it counts as hung: twice what the longest, the whole program's on Deno, takes on two cores beside the other lane.
limit=3000
if [ -n "${WEIR_LONG-}" ]; then limit=7200; fi

scratch=$(mktemp -d)
beside_pid=''
trap 'if [ -n "$beside_pid" ]; then end_tree "$beside_pid"; fi; rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# end_tree PID: a process with all that it started.
end_tree() {
  for end_child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do end_tree "$end_child"; done
  kill "$1" 2>/dev/null || true
}

# bounded COMMAND…: with the limit where the system has timeout(1).
bounded() {
  if command -v timeout >/dev/null 2>&1; then timeout -k 10 "$limit" "$@"; else "$@"; fi
}

# logged COMMAND…: shows its output but for a reporter's dots and keeps it in $scratch/log; $code is its exit code.
logged() {
  { (set +e && bounded "$@" </dev/null && echo 0 >"$scratch/code" || echo $? >"$scratch/code"); } 2>&1 | tee "$scratch/log" | grep -v '^[.,]$' || true
  code=$(cat "$scratch/code")
}

count() {
  sed -n "s/^ *\([0-9][0-9]*\) $1\$/\1/p" "$scratch/log" | tail -n 1 | grep . || echo 0
}

# suite PART PATH OPTION…: bun test on a folder or file, counted by its summary.
suite() {
  suite_part=$1 suite_path=$2
  shift 2
  if ! [ -e "$suite_path" ] || [ -z "$(find "$suite_path" -name '*_test.ts' | head -n 1)" ]; then return 0; fi
  heading "$suite_part"
  logged "$bun" --no-env-file --config=/dev/null test --only-failures --max-concurrency=3 "$@"
  suite_pass=$(count pass) suite_fail=$(count fail)
  # A runner that died, hung or found nothing to run has no failure to count, and is one.
  if [ "$code" -ne 0 ] && [ "$suite_fail" -eq 0 ]; then suite_fail=1; fi
  if [ "$code" -eq 0 ] && [ "$suite_pass" -eq 0 ]; then suite_fail=1; fi
  passed=$((passed + suite_pass))
  failed=$((failed + suite_fail))
  skipped=$((skipped + $(count skip) + $(count todo)))
  if [ "$suite_fail" -gt 0 ]; then broken="$broken $suite_part"; fi
}

# The same unit and seam tests under Deno's runner. Files that name Bun in their code are about Bun.
suite_on_deno() {
  heading on-deno
  set --
  for deno_file in $(find test/unit test/seam -name '*_test.ts' | sort); do
    if ! grep -qE '\bBun\.|"bun:(ffi|jsc|sqlite)"|/platform/bun' "$deno_file"; then set -- "$@" "$deno_file"; fi
  done
  NO_COLOR=1 logged "$deno" test $deno_flags --reporter=dot --import-map tools/deno_test/import_map.json "$@"
  deno_says=$(sed -n 's/^.*| \([0-9]* passed.*\)$/\1/p' "$scratch/log" | tail -n 1)
  deno_pass=$(deno_count passed) deno_fail=$(deno_count failed)
  if [ "$deno_fail" -eq 0 ] && { [ "$code" -ne 0 ] || [ "$deno_pass" -eq 0 ]; }; then deno_fail=1; fi
  passed=$((passed + deno_pass))
  failed=$((failed + deno_fail))
  skipped=$((skipped + $(deno_count ignored)))
  if [ "$deno_fail" -gt 0 ]; then broken="$broken on-deno"; fi
}

deno_count() {
  printf '%s\n' "$deno_says" | sed -n "s/^\(.* \)*\([0-9][0-9]*\) $1.*\$/\2/p" | grep . || echo 0
}

# check PART COMMAND…: one thing that passes or fails.
check() {
  check_part=$1
  shift
  heading "$check_part"
  logged "$@"
  if [ "$code" -eq 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    broken="$broken $check_part"
  fi
}

# files_of PART: what bun test is to run of a part of e2e or interop.
files_of() {
  if [ "$1" != e2e-deno ] || [ -z "$leaves_policies" ]; then
    printf './test/%s\n' "${1%-*}"
    return 0
  fi
  for e2e_file in ./test/e2e/*_test.ts; do
    e2e_name=${e2e_file##*/}
    case " $policies " in
      *" ${e2e_name%_test.ts} "*) ;;
      *) printf '%s\n' "$e2e_file" ;;
    esac
  done
}

heading() {
  printf '\n== %s (after %s s)\n' "$1" "$(($(date +%s) - started))"
}

run_part() {
  part=$1
  shift
  case $part in
    lint) check lint node node_modules/@biomejs/biome/bin/biome ci --colors=off --error-on-warnings . ;;
    types) check types node node_modules/typescript/bin/tsc -p . ;;
    arch) suite arch ./test/arch_test.ts --timeout 60000 "$@" ./test/arch_test.ts ;;
    e2e-* | interop-*)
      export WEIR_SUBJECT="${part##*-}"
      if [ "$WEIR_SUBJECT" = dist ] && [ -z "$compiled" ]; then
        check build ./compile.sh
        if [ "$code" -ne 0 ]; then return 0; fi
        compiled=1
      fi
      # shellcheck disable=SC2046
      suite "$part" "./test/${part%-*}" --timeout 60000 "$@" $(files_of "$part")
      unset WEIR_SUBJECT
      ;;
    on-deno) suite_on_deno ;;
    packaging) check packaging ./compile.sh deno --check ;;
    *) suite "$part" "./test/$part" --timeout 30000 "$@" "./test/$part" ;;
  esac
}

# Another of these with the parts of the second lane. What it says comes when both are done.
start_beside() {
  # shellcheck disable=SC2086
  ./test.sh $beside -- "$@" >"$scratch/beside" 2>&1 &
  beside_pid=$!
}

join_beside() {
  beside_code=0
  wait "$beside_pid" || beside_code=$?
  beside_pid=''
  heading "beside: $beside"
  cat "$scratch/beside"
  beside_sums=$(tail -n 1 "$scratch/beside")
  beside_failed=$(beside_sum failed)
  if [ "$beside_code" -ne 0 ] && [ "$beside_failed" -eq 0 ]; then beside_failed=1; fi
  passed=$((passed + $(beside_sum passed)))
  failed=$((failed + beside_failed))
  skipped=$((skipped + $(beside_sum skipped)))
  if [ "$beside_failed" -gt 0 ]; then broken="$broken$(sed -n 's/^[0-9]* s; failed in://p' "$scratch/beside")"; fi
}

beside_sum() {
  printf ', %s\n' "$beside_sums" | sed -n "s/^.*, \([0-9][0-9]*\) $1.*\$/\1/p" | grep . || echo 0
}

started=$(date +%s) compiled='' leaves_policies=''
if [ -n "$parts" ]; then
  for selected in $parts; do run_part "$selected" "$@"; done
elif [ -n "${WEIR_LONG-}" ]; then
  for selected in $all $interop; do run_part "$selected" "$@"; done
else
  leaves_policies=1
  start_beside "$@"
  for selected in $lane; do run_part "$selected" "$@"; done
  join_beside
fi

printf '\n%s s' "$(($(date +%s) - started))"
if [ -n "$broken" ]; then printf '; failed in:%s' "$broken"; fi
printf '\n'
summary="$passed passed, $failed failed"
if [ "$skipped" -gt 0 ]; then summary="$summary, $skipped skipped"; fi
printf '%s\n' "$summary"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
