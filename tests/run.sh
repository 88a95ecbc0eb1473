#!/usr/bin/env bash
# Builds everything once and runs every test project. On a fresh machine only the .NET SDK has to be there: as root on a
# Debian-like system, what the tests need besides is installed first; elsewhere the tests that need it are skipped by name.
#
#   tests/run.sh                                   everything
#   tests/run.sh --filter 'FullyQualifiedName~Delivery'    what is given goes to `dotnet test`
#
# Ends with `N passed, N failed, N skipped`. The exit code is 0 only if something ran and nothing failed.
set -uo pipefail
cd "$(dirname "$0")/.."

configuration=${VOLTAXE_TEST_CONFIGURATION:-Debug}
project_limit=${VOLTAXE_TEST_PROJECT_MINUTES:-45}
hang_limit=${VOLTAXE_TEST_HANG_MINUTES:-8}
run_tag=$(od -An -N3 -tx1 /dev/urandom | tr -d ' \n' | cut -c1-5)
results=tests/TestResults/run
scratch=$(mktemp -d "${TMPDIR:-/tmp}/vtx-run.XXXXXX")
chmod 755 "$scratch"
# What the tests start inherits this variable, so that the sweep below finds it and nothing else.
marker="VOLTAXE_TEST_RUN=$run_tag"
runner=

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 MSBUILDDISABLENODEREUSE=1
export DEBIAN_FRONTEND=noninteractive
# What the tests start lives for seconds: profiles of it would cost more than they bring.
export DOTNET_TieredPGO=0

say() { printf '%s\n' "$@"; }

# ---- after every run, good or bad: no process, no network namespace, no file stays ------------------------------------------

leftovers() {
  # grep also fails when a process has ended meanwhile, or is not ours to read: that says nothing about the others.
  { grep -lzxF -- "$marker" /proc/[0-9]*/environ 2>/dev/null || true; } | cut -d / -f 3
}

sweep() {
  local status=$? waited=0 pids
  trap - EXIT INT TERM HUP
  # Interrupted in the middle of a project: its test host ends first, and clears up after itself.
  [[ -n $runner ]] && kill -TERM "$runner" 2>/dev/null && wait "$runner" 2>/dev/null
  if [[ -d /proc/self ]]; then
    # What a test process leaves behind is undone by its own last will within a moment; only then with force.
    while pids=$(leftovers) && [[ -n $pids && $waited -lt 50 ]]; do sleep 0.2; waited=$((waited + 1)); done
    if [[ -n $pids ]]; then
      say "Killing what the tests left running: $(for pid in $pids; do tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c1-100; printf '; '; done)"
      for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
    fi
  fi
  if [[ $EUID -eq 0 && -d /run/netns ]]; then
    local namespace interface
    for namespace in /run/netns/vtx"$run_tag"*; do
      [[ -e $namespace ]] && say "Removing network namespace ${namespace##*/}" && ip netns del "${namespace##*/}"
    done
    for interface in /sys/class/net/vtx"$run_tag"*; do
      [[ -e $interface ]] && ip link del dev "${interface##*/}" 2>/dev/null
    done
  fi
  rm -rf -- "$scratch"
  exit "$status"
}
trap sweep EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ---- set-up -------------------------------------------------------------------------------------------------------------------

have() { command -v "$1" >/dev/null 2>&1 || [[ -x /usr/sbin/$1 || -x /sbin/$1 ]]; }
have_postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

install_missing() {
  local wanted=()
  have python3 || wanted+=(python3)
  have nft || wanted+=(nftables)
  have ip || wanted+=(iproute2)
  have strace || wanted+=(strace)
  have faketime || wanted+=(faketime)
  have iptables || wanted+=(iptables)
  have conntrack || wanted+=(conntrack)
  have chromium || wanted+=(chromium)
  have chromedriver || wanted+=(chromium-driver)
  have nginx || wanted+=(nginx-light)
  have caddy || wanted+=(caddy)
  have_postgres || wanted+=(postgresql)
  [[ ${#wanted[@]} -eq 0 ]] && return
  if [[ $EUID -ne 0 ]] || ! have apt-get; then
    say "Not installed: ${wanted[*]} (that takes root and apt-get). Tests that need them are skipped, by name, below."
    return
  fi
  say "Installing with apt-get: ${wanted[*]}"
  local log=$scratch/apt.log package
  apt-get update -q >"$log" 2>&1 || say "apt-get update failed; trying with the lists that are there"
  if ! have_postgres && [[ ! -e /etc/postgresql-common/createcluster.conf ]]; then
    # Only the programs are wanted: the package would otherwise make and start a server of its own.
    mkdir -p /etc/postgresql-common
    say 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  fi
  # One by one, so that one package that cannot be had does not take the others with it.
  for package in "${wanted[@]}"; do
    # RUNLEVEL=1: what is installed is not started as a service of this machine.
    RUNLEVEL=1 apt-get install -y -q --no-install-recommends -o Dpkg::Options::=--force-confold "$package" >>"$log" 2>&1 </dev/null \
      || say "Could not install $package: $(grep -E '^E:' "$log" | tail -n 1). Tests that need it are skipped, by name, below."
  done
}

command -v dotnet >/dev/null 2>&1 || { say 'The .NET SDK (dotnet) is not on PATH; global.json says which version.'; exit 1; }
install_missing

rm -rf "$results"
mkdir -p "$results"
say "Building ($configuration)"
if ! dotnet build Voltaxe.sln -c "$configuration" --disable-build-servers -v quiet -clp:NoSummary </dev/null >"$scratch/build.log" 2>&1; then
  grep -E 'error|warning' "$scratch/build.log" | sort -u | head -n 60
  tail -n 5 "$scratch/build.log"
  say 'The build failed: 0 tests ran.'
  exit 1
fi

# ---- run ----------------------------------------------------------------------------------------------------------------------

# Lines of "outcome<TAB>name<TAB>first line of the message" out of a trx file.
outcomes() {
  awk '
    function attribute(text, name,    from) {
      from = match(text, " " name "=\"[^\"]*\"")
      return from ? substr(text, from + length(name) + 3, RLENGTH - length(name) - 4) : ""
    }
    function plain(text) {
      gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text); gsub(/&apos;/, "\047", text); gsub(/&#x[0-9A-Fa-f]+;/, " ", text)
      gsub(/&amp;/, "\\&", text); gsub(/\t/, " ", text)
      return text
    }
    function flush() { if (name != "") printf "%s\t%s\t%s\n", outcome, plain(name), plain(message); name = "" }
    /<UnitTestResult / { flush(); name = attribute($0, "testName"); outcome = attribute($0, "outcome"); message = "" }
    /<(Message|StdOut)>/ && message == "" { message = $0; sub(/.*<(Message|StdOut)>/, "", message); sub(/<\/(Message|StdOut)>.*/, "", message) }
    /<TestDefinitions>/ { flush(); exit }
    END { flush() }
  ' "$1"
}

passed=0 failed=0 skipped=0
: >"$scratch/failed"
: >"$scratch/skipped"
for project in tests/*.Tests/*.csproj; do
  name=$(basename "$project" .csproj)
  dll=tests/$name/bin/$configuration/net10.0/$name.dll
  trx=$results/$name.trx
  started=$SECONDS
  # --kill-after: a test host that does not listen to the first signal still ends.
  env "$marker" TMPDIR="$scratch" timeout --kill-after=30s "${project_limit}m" \
    dotnet test "$dll" --logger "trx;LogFileName=$name.trx" --results-directory "$results" \
    --blame-hang-timeout "${hang_limit}m" --blame-hang-dump-type none "$@" </dev/null >"$results/$name.log" 2>&1 &
  # In the background, so that a signal to this script is heard at once.
  runner=$!
  wait "$runner"
  code=$?
  runner=
  find "$results" -name '*.dmp' -delete
  ok=0 bad=0 left=0
  if [[ -f $trx ]]; then
    outcomes "$trx" >"$scratch/outcomes"
    ok=$(grep -c '^Passed' "$scratch/outcomes")
    bad=$(grep -c -E '^(Failed|Error|Timeout|Aborted)' "$scratch/outcomes")
    left=$(grep -c '^NotExecuted' "$scratch/outcomes")
    grep -E '^(Failed|Error|Timeout|Aborted)' "$scratch/outcomes" >>"$scratch/failed"
    grep '^NotExecuted' "$scratch/outcomes" >>"$scratch/skipped"
  fi
  if [[ $code -ne 0 && $bad -eq 0 ]]; then
    bad=1
    printf 'Failed\t%s\t%s\n' "$name as a whole" "dotnet test ended with $code; the end of $results/$name.log:" >>"$scratch/failed"
    tail -n 15 "$results/$name.log" | sed 's/^/    /'
  fi
  passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + left))
  say "$name: $ok passed, $bad failed, $left skipped ($((SECONDS - started)) s)"
done

if [[ -s $scratch/skipped ]]; then
  say '' 'Skipped:'
  sort -u "$scratch/skipped" | awk -F '\t' '{ print "  - " $2 ": " ($3 == "" ? "no reason given" : $3) }'
fi
if [[ -s $scratch/failed ]]; then
  say '' "Failed (whole output: $results/*.log):"
  awk -F '\t' '{ print "  - " $2 "\n      " $3 }' "$scratch/failed"
fi
if [[ $((passed + failed)) -eq 0 ]]; then
  say '' 'No test ran: that is a failure.'
  say "0 passed, 0 failed, $skipped skipped"
  exit 1
fi
say '' "$passed passed, $failed failed, $skipped skipped"
[[ $failed -eq 0 ]]
