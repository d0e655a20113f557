# Sourced by tools/demo and tools/test: installs what is missing, says what and why, and leaves $PYTHON set.
# shellcheck shell=bash

need_packages() { # PACKAGE:COMMAND-LIBRARY-OR-ALSA-PLUGIN:REASON ...
    local missing=() entry package probe reason log
    # grep reads to the end: with -q it would leave early, and a long list's writer fail under pipefail
    local PATH=$PATH:/usr/sbin:/sbin # Debian gives them to root alone, and ldconfig and mosquitto lie there
    for entry in "$@"; do
        IFS=: read -r package probe reason <<<"$entry"
        if ! command -v "$probe" >/dev/null 2>&1 && ! ldconfig -p 2>/dev/null | grep "$probe" >/dev/null &&
            ! compgen -G "/usr/lib/*/alsa-lib/$probe" >/dev/null; then
            echo "setup: $package is missing ($reason)"
            missing+=("$package")
        fi
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 || { echo "setup: please run as root: apt-get install ${missing[*]}" >&2; return 1; }
        as_root=(sudo)
    fi
    echo "setup: apt-get install ${missing[*]}"
    "${as_root[@]}" apt-get update -qq || return 1
    log=$(mktemp -t voiced-setup.XXXXXX) || return 1
    # env, because sudo hands on nothing of its caller's environment
    logged "$log" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "${missing[@]}" && rm "$log"
}

choose_python() {
    local candidate
    for candidate in ${VOICED_PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            echo "$candidate"
            return 0
        fi
    done
    echo "setup: Python 3.11, 3.12 or 3.13 is needed" >&2
    return 1
}

logged() { # LOG COMMAND ...: what it prints goes to LOG; a terminal sees that it lives, and what it said if it fails
    local log=$1 began=$SECONDS width job
    shift
    "$@" >"$log" 2>&1 &
    job=$!
    while [ -t 1 ] && kill -0 "$job" 2>/dev/null; do
        width=$(($(tput cols 2>/dev/null || echo 80) - 18))
        printf '\r\033[Ksetup: %4d s  %s' $((SECONDS - began)) \
            "$(tail -c 2000 "$log" | tr '\r' '\n' | grep . | tail -n 1 | cut -c "1-$width")"
        sleep 1
    done
    if wait "$job"; then
        [ ! -t 1 ] || printf '\r\033[Ksetup: done in %d s\n' $((SECONDS - began))
    else
        [ ! -t 1 ] || echo
        tail -n 30 "$log" >&2
        echo "setup: $1 failed; all that it said stands in $log" >&2
        return 1
    fi
}

make_venv() { # EXTRAS, e.g. "[test]"
    local base stamp
    base=$(choose_python) || return 1
    if [ ! -x .venv/bin/python ]; then
        "$base" -m venv .venv 2>/dev/null || {
            need_packages "python3-venv:no-such-command:a virtual environment of its own" && "$base" -m venv .venv
        } || return 1
    fi
    PYTHON=$PWD/.venv/bin/python
    stamp="$(cat pyproject.toml)$1"
    if [ "$(cat .venv/installed 2>/dev/null)" != "$stamp" ]; then
        echo "setup: installing voiced$1 into .venv (llama.cpp compiles: about 4 minutes on 2 cores, once)"
        logged .venv/install.log "$PYTHON" -m pip install --disable-pip-version-check --editable ".$1" || return 1
        printf %s "$stamp" >.venv/installed
    fi
}
