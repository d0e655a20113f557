# Sourced by tools/demo and tools/test: installs what is missing, says what and why, and leaves $PYTHON set.
# shellcheck shell=bash

need_packages() { # PACKAGE:COMMAND-LIBRARY-OR-ALSA-PLUGIN:REASON ...
    local missing=() entry package probe reason
    for entry in "$@"; do
        IFS=: read -r package probe reason <<<"$entry"
        if ! command -v "$probe" >/dev/null 2>&1 && ! ldconfig -p 2>/dev/null | grep -q "$probe" &&
            [ ! -x "/usr/sbin/$probe" ] && ! compgen -G "/usr/lib/*/alsa-lib/$probe" >/dev/null; then
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
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
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
        "$PYTHON" -m pip install --quiet --disable-pip-version-check --editable ".$1" || return 1
        printf %s "$stamp" >.venv/installed
    fi
}
