# shellcheck shell=bash
# tools/common.sh - what the scripts of this project share. Sourced, never run.
#
# Sets ROOT (the checkout) and LOCAL (everything made for this checkout but the build trees).

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck disable=SC2034  # read by the scripts that source this file
LOCAL=$ROOT/.local

# Debian's own interpreter: whatever `python3` the PATH finds first may lack the packaged modules.
# shellcheck disable=SC2034
PYTHON=/usr/bin/python3

# Progress goes to stderr: stdout is for what a caller wants to read.
say() {
    printf '%s\n' "$*" >&2
}

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# cpus: how many jobs to run at once. A container's share counts, which nproc knows.
cpus() {
    nproc 2>/dev/null || echo 2
}

# process_start PID: when the kernel started it, in clock ticks since boot. With it a recorded pid
# is known to be still the process that was meant, and not a stranger who got the number later.
process_start() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    stat=${stat##*) }         # the command's name may hold anything, a ")" closes it
    # shellcheck disable=SC2086  # the fields are numbers, meant to be split
    set -- $stat              # what follows starts with field 3, the state
    [[ $1 != Z && $1 != X ]] || return 1
    printf '%s\n' "${20}"
}

# pid_note FILE PID / pid_alive FILE: a pid file that survives a crash without lying: "pid start".
pid_note() {
    local start
    start=$(process_start "$2") || return 1
    printf '%s %s\n' "$2" "$start" >"$1"
}

# pid_alive FILE: prints the pid if the process that wrote the note still runs.
pid_alive() {
    local pid start
    read -r pid start 2>/dev/null <"$1" || return 1
    [[ $pid =~ ^[0-9]+$ && $(process_start "$pid") == "$start" ]] || return 1
    printf '%s\n' "$pid"
}

# wait_gone PID SECONDS: until the process has ended; fails when it has not in time.
wait_gone() {
    local tries=$(($2 * 20))
    while process_start "$1" >/dev/null; do
        ((tries-- > 0)) || return 1
        sleep 0.05
    done
}
