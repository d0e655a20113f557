"""Rows A8, C6, E1, E5, F1 and F2 of the target table: nothing from outside crashes anything, or opens a door."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import struct
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import Figure
from tests.test_systemd_unit import WHOLE
from voiced.adapters.wavfile import Recording, write_wav
from voiced.app import real_house
from voiced.config import DEMO_HOME, MODELS
from voiced.configfile import load_config
from voiced.errors import AudioFileError, ChannelError, ConfigError, ModelFileError
from voiced.gemma.models import from_folder
from voiced.home.house import House
from voiced.home.judgement import Kind
from voiced.home.load import load_home
from voiced.home.model import Risk
from voiced.ledger import percentile
from voiced.listen.listener import Listener
from voiced.messages import Call, Command, Decision, Frame, SpeechStarted, Verdict, Woken
from voiced.workers.channel import decode, encode
from voiced.workers.earoptions import EarOptions
from voiced.workers.hearing import frames_of
from voiced.workers.protocol import Ping, Say

HOME = load_home(DEMO_HOME.read_text("utf-8"))


# --- A8: odd sounds ------------------------------------------------------------------------------------------------


def _odd_sounds() -> dict[str, np.ndarray]:
    noise = np.random.default_rng(0)
    second = np.arange(16_000) / 16_000
    sounds = {
        "nothing": np.zeros(0),
        "one sample": np.ones(1),
        "silence": np.zeros(80_000),
        "DC": np.full(80_000, 0.5),
        "full scale DC": np.full(80_000, 1.0),
        "far over full scale": np.full(80_000, 1e6),
        "NaN": np.full(80_000, np.nan),
        "infinite": np.full(80_000, np.inf),
        "both infinities": np.tile([np.inf, -np.inf], 40_000),
        "square": np.sign(np.sin(2 * np.pi * 440 * np.arange(80_000) / 16_000)),
        "denormals": np.full(80_000, 1e-40),
        "clicks": (np.arange(80_000) % 4000 == 0).astype(float),
        "white noise": noise.normal(0, 0.3, 160_000),
        "quiet noise": noise.normal(0, 1e-4, 160_000),
        "growing noise": noise.normal(0, 1, 160_000) * np.linspace(0, 1, 160_000),
    }
    for hz in (20, 50, 100, 440, 1000, 3000, 7000, 7990):
        sounds[f"tone of {hz} Hz"] = 0.8 * np.sin(2 * np.pi * hz * np.tile(second, 5))
    for hz in (2, 4, 8):
        sounds[f"noise that beats {hz} times a second"] = noise.normal(0, 0.2, 80_000) * (
            np.sin(2 * np.pi * hz * np.tile(second, 5)) > 0
        )
    for seed in range(34):
        pieces = [noise.normal(0, 10 ** noise.uniform(-4, 0.5), int(noise.uniform(1, 8000))) for _ in range(20)]
        sounds[f"chopped noise {seed}"] = np.concatenate(pieces)
    return sounds


@pytest.mark.row("A8")
def test_a8_sixty_odd_sounds_wake_nobody(tmp_path: Path) -> None:
    sounds = _odd_sounds()
    assert len(sounds) >= 60
    for name, samples in sounds.items():
        path = tmp_path / "odd.wav"
        soundfile.write(path, samples.astype(np.float32), 16_000, subtype="FLOAT")
        if not len(samples):
            write_wav(path, b"")
        listener = Listener()
        options = EarOptions(wake_words=("hey_jarvis",), model=str(MODELS / "nano"))
        events = [
            event for frame in frames_of(Recording(path=path).frames(silence_ms=500), options)
            for event in listener.hear(frame)
        ]  # fmt: skip
        assert not [event for event in events if isinstance(event, Woken | SpeechStarted)], name


@pytest.mark.row("A8")
@pytest.mark.parametrize("rate_hz", [48_000, 96_000])
def test_a8_what_only_bats_hear_is_gone_after_resampling(tmp_path: Path, rate_hz: int) -> None:
    """Row A6's -60 dB, on the band that dolphin attacks come from."""
    times = np.arange(rate_hz * 2) / rate_hz
    loud = 0.9 * np.sin(2 * np.pi * (16_000 + 3500 * times) * times) * (1 + 0.5 * np.sin(2 * np.pi * 5 * times))
    soundfile.write(tmp_path / "ultra.wav", loud / 1.5, rate_hz)
    pcm = b"".join(Recording(path=tmp_path / "ultra.wav").frames())
    middle = np.frombuffer(pcm, np.int16).astype(float)[4000:-4000] / 32768
    assert 20 * np.log10(np.sqrt(np.mean(middle**2)) + 1e-9) < -60


# --- F2: malformed recordings --------------------------------------------------------------------------------------


@pytest.mark.row("F2")
def test_f2_three_hundred_malformed_recordings(tmp_path: Path) -> None:
    chance = random.Random(2)
    soundfile.write(tmp_path / "good.wav", np.zeros(8000), 16_000)
    soundfile.write(tmp_path / "good.flac", np.zeros(8000), 16_000)
    outcomes = {"read": 0, "refused": 0}
    for number in range(320):
        kind = ("wav", "flac")[number % 2]
        data = bytearray((tmp_path / f"good.{kind}").read_bytes())
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(64)
            data = data or bytearray(b"R")
            match chance.randrange(5):
                case 0:
                    data[at : at + 4] = struct.pack("<I", chance.choice([0, 1, 2**31, 2**32 - 1, 17]))
                case 1:
                    data[at % len(data)] = chance.randrange(256)
                case 2:
                    del data[at : at + chance.randint(1, 40)]
                case 3:
                    data[at:at] = chance.randbytes(chance.randint(1, 40))
                case 4:
                    del data[chance.randrange(len(data)) :]
            data = data or bytearray(b"R")
        path = tmp_path / f"bad.{kind}"
        path.write_bytes(data)
        try:
            for _, _ in zip(Recording(path=path).frames(), range(2000), strict=False):
                pass
            outcomes["read"] += 1
        except AudioFileError as error:
            assert "\n" not in str(error)
            assert str(path) in str(error)
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 20, "the mutations are neither all harmless nor all fatal"


# --- F1: malformed configurations ----------------------------------------------------------------------------------


@pytest.mark.row("F1")
def test_f1_five_hundred_malformed_configurations() -> None:
    """Each is one line a fault, with file and key, or is read as what it still says."""
    chance = random.Random(3)
    good = WHOLE
    load_config(good, "voiced.toml")
    homes = DEMO_HOME.read_text("utf-8")
    refused = 0
    for number in range(600):
        of_home = number % 2 == 0
        text = homes if of_home else good
        lines = text.splitlines()
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(lines))
            match chance.randrange(6):
                case 0:
                    lines[at] = lines[at].replace("=", chance.choice(["", ":", "= [", "= {}", "= -1 #", '= "x" #']), 1)
                case 1:
                    lines[at] = chance.choice(
                        ["[", "a b = 1", "\x00", "x = nan", "x = 10e400", "[[home]]", 'a = "\\q"']
                    )
                case 2:
                    lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)]
                case 3:
                    lines[at] = lines[at][::-1]
                case 4:
                    lines.insert(at, lines[chance.randrange(len(lines))])
                case 5:
                    lines[at] = lines[at].replace("e", "ë\u202e", 1)
        try:
            if of_home:
                load_home("\n".join(lines), "home.toml")
            else:
                load_config("\n".join(lines), "voiced.toml")
        except ConfigError as error:
            refused += 1
            said = str(error)
            assert ("home.toml" if of_home else "voiced.toml") in said
            assert "Traceback" not in said
    assert refused > 300


# --- E5: model files -----------------------------------------------------------------------------------------------


@pytest.mark.row("E5")
def test_e5_five_hundred_mutated_model_files_are_refused_before_anybody_parses_them(tmp_path: Path) -> None:
    """Bits flipped, cut off, swapped for a link, or corrupted at the same size: the hash says no."""
    opened: list[str] = []
    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in ("import", "ctypes.dlopen", "pickle.find_class"):
            opened.append(f"{event} {arguments[0]}")

    folder = tmp_path / "nano"
    shutil.copytree(MODELS / "nano", folder, ignore=shutil.ignore_patterns("*.png", "*.md"))
    names = sorted(path.name for path in folder.glob("*.gguf"))
    small = {name: (folder / name).read_bytes()[:65_536] for name in names}
    for name in names:  # the head of each, so that 500 hashes take seconds; its true hash in the description
        (folder / name).write_bytes(small[name])
    description = (folder / "nano.toml").read_text("utf-8").splitlines()
    for name in names:
        line = next(at for at, text in enumerate(description) if text.startswith(f'"{name}"'))
        description[line] = f'"{name}" = "{hashlib.sha256(small[name]).hexdigest()}"'
    (folder / "nano.toml").write_text("\n".join(description), "utf-8")
    from_folder(folder).verify()

    sys.addaudithook(watch)
    chance = random.Random(5)
    for number in range(500):
        name = names[number % 2]
        path, data = folder / name, bytearray(small[name])
        match number // 2 % 4:
            case 0:
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            case 1:
                del data[chance.randrange(len(data)) :]
            case 2:
                data[100:164] = chance.randbytes(64)
            case 3:
                data = bytearray(small[names[1 - number % 2]])
        path.unlink()
        if number % 8 == 7:
            (tmp_path / "elsewhere").write_bytes(data)
            path.symlink_to(tmp_path / "elsewhere")
        else:
            path.write_bytes(data)
        with pytest.raises(ModelFileError, match=name):
            from_folder(folder).verify()
        path.unlink()
        path.write_bytes(small[name])
    watching = False
    assert not [one for one in opened if "llama" in one or "pickle" in one or "gguf" in one]


# --- E1: class S ---------------------------------------------------------------------------------------------------


_RISKY = {entity.id for entity in HOME.entities if entity.risk is Risk.SENSITIVE}
_SAFE = {"LOCK", "CLOSE", "STOP", "0"}


def _lets_somebody_in(sent: Command) -> bool:
    return sent.entity in _RISKY and sent.payload not in _SAFE


_NAMES = sorted({name for entity in HOME.entities for name in (entity.name, *entity.aliases)} | {"all", "everything"})
_AREAS = sorted({area.name for area in HOME.areas})
_INTENTS = ("HassTurnOn", "HassTurnOff", "HassToggle", "HassOpenCover", "HassCloseCover", "HassSetPosition",
            "HassLightSet", "HassUnlock", "HassLock", "HassClimateSetTemperature", "HassNonsense")  # fmt: skip


@pytest.mark.row("E1")
def test_e1_nothing_opens_without_the_code() -> None:
    asked, acted = decisions_open_nothing(random.Random(1), 12_000)
    assert min(asked, acted) > 50, "the decisions are neither all absurd nor all harmless"


def decisions_open_nothing(chance: random.Random, count: int) -> tuple[int, int]:
    """Decisions, likely and absurd, and for every question a wrong code; how many asked for one, and how many acted."""
    asked = acted = 0
    for _ in range(count):
        drawn: dict[str, str | float] = {
            "name": chance.choice([*_NAMES, "", "front door\x00", "FRONT DOOR", "ｆｒｏｎｔ ｄｏｏｒ"]),
            "area": chance.choice([*_AREAS, "", "", ""]),
            "domain": chance.choice(["", "", "lock", "cover", "light", "alarm_control_panel"]),
            "position": chance.choice((0.0, 1.0, 100.0, -5.0, 1e9)),
        }
        slots = {key: value for key, value in drawn.items() if value != ""}
        calls = tuple(Call(chance.choice(_INTENTS), slots) for _ in range(chance.choice([1, 1, 2, 3])))
        house = _house()
        judged = house.judge(Decision(Verdict.CALLS, calls, chance.choice([0.1, 0.5, 0.7, 1.0])))
        assert not [sent for sent in judged.commands if _lets_somebody_in(sent)]
        acted += judged.kind is Kind.ACT
        if judged.kind is Kind.ASK and judged.wants_code:
            asked += 1
            house.question_asked(now_sample=0)
            wrong = Decision(Verdict.DIGITS, certainty=1.0, digits=chance.choice(["", "4", "48", "74", "474", "yes"]))
            assert house.judge_code(wrong, now_sample=16_000).kind is not Kind.ACT
    return asked, acted


def _house() -> House:
    return real_house(HOME, random_digits=lambda: "47")


# --- C6 and the channel --------------------------------------------------------------------------------------------

_HOUSE = _house()


def _hostile(chance: random.Random, depth: int = 0) -> object:
    plain = (None, True, -1, 1e308, float("nan"), float("inf"), 10**30, "", "ON", "\ud800", "a" * 300, "١٢", "\x00")
    if depth > 3 or chance.random() < 0.4:
        return chance.choice(plain)
    if chance.random() < 0.3:
        return [_hostile(chance, depth + 1) for _ in range(chance.randrange(4))]
    keys = ("state", "brightness", "color", "position", "r", "h", "temperature", "color_mode", "x")
    return {chance.choice(keys): _hostile(chance, depth + 1) for _ in range(chance.randrange(5))}


_TOPICS = [str(value) for entity in HOME.entities for key, value in entity.mqtt.items() if key.endswith("_topic")]


def hostile_states(chance: random.Random, count: int) -> list[float]:
    """Milliseconds of processor that each one took."""
    took_ms = []
    for number in range(count):
        payload = (
            chance.randbytes(chance.randrange(200)) if number % 3 == 0
            else json.dumps(_hostile(chance)).encode("utf-8", "surrogatepass")
        )  # fmt: skip
        began = time.thread_time()
        _HOUSE.heard_state(chance.choice(_TOPICS), payload)
        took_ms.append((time.thread_time() - began) * 1000)
    return took_ms


@pytest.mark.row("C6")
def test_c6_five_thousand_hostile_states(figure: Figure) -> None:
    figure("p99_ms", percentile(hostile_states(random.Random(6), 5000), 0.99) or 0.0)


@pytest.mark.row("C6")
@pytest.mark.parametrize(
    "payload",
    [b"[" * 100_000, b'{"state":' * 50_000, b"1e400", b"-" * 256_000, b"\x00" * 256_000, b"\xff\xfe", b'"\\ud800"',
     b'{"state": NaN, "brightness": 1e999}', b"9" * 5000, b'{"brightness": ' + b"9" * 5000 + b"}"],
    ids=lambda payload: payload[:9].hex(),
)  # fmt: skip
def test_c6_the_worst_payloads(payload: bytes) -> None:
    for entity in HOME.entities:
        for topic in {value for key, value in entity.mqtt.items() if key.endswith("_topic")}:
            house = _HOUSE
            house.heard_state(str(topic), payload)
            house.confirms(Command(entity.id, "turn_on", "t", "ON", str(topic), {"state": "ON"}), str(topic), payload)


@pytest.mark.row("E9")
def test_e9_a_hundred_thousand_fuzzed_frames_between_core_and_children() -> None:
    chance = random.Random(9)
    whole = [
        encode(message)[4:] for message in (Ping(7), Say(1, "hello"), Frame(320, bytes(640), True, {"alexa": 0.5}))
    ]
    for number in range(100_000):
        body = bytearray(chance.choice(whole)) if number % 4 else bytearray(chance.randbytes(chance.randrange(60)))
        for _ in range(chance.randint(1, 3)):
            if body:
                body[chance.randrange(min(len(body), 40))] = chance.randrange(256)
        try:
            decode(bytes(body))
        except ChannelError as error:
            assert "\n" not in str(error)
