"""voiced.toml: read once, checked whole. All faults of the file come in one ConfigError."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from voiced.config import (
    WAKE_MODELS,
    BrokerConfig,
    Config,
    DiscoveryConfig,
    HermesConfig,
    HomeAssistantConfig,
    LedgerConfig,
    MetricsConfig,
    MicrophoneConfig,
    ModelConfig,
    MuteConfig,
    PanelConfig,
    QuietConfig,
    RecordingConfig,
    SpeakerConfig,
    TurnConfig,
    WakeConfig,
    WhyConfig,
    models_cache,
)
from voiced.errors import ConfigError
from voiced.home.interpreter import Interpreter
from voiced.tables import Table

PORTS = range(1, 65_536)
_NOT_IN_TOPICS = "+# \t\n\0"
Section = TypeVar("Section")


def read_config(path: Path | None) -> Config:
    """The configuration in a file; the defaults where none is named."""
    if path is None:
        return Config()
    return load_config(read_text(path), str(path), path.parent)


def read_text(path: Path) -> str:
    """A text file. ConfigError in one line where it cannot be read."""
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:  # ValueError: of its bytes, or of its name
        raise ConfigError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def load_config(text: str, file: str = "voiced.toml", base: Path | None = None) -> Config:
    """The configuration in `text`; relative paths are meant from `base`. ConfigError with every fault."""
    root, usual, base = Table.parse(text, file), Config(), base or Path()

    def section(key: str, read: Callable[[Table], Section]) -> Section:
        table = root.table(key)
        value = read(table)
        table.done()
        return value

    config = Config(
        id=root.string("id", usual.id),
        home=_path(root, "home", base) or usual.home,
        area=root.string("area", usual.area),
        locale=root.string("locale", usual.locale),
        state_dir=_path(root, "state_dir", base),
        microphone=section("microphone", _microphone),
        wake=section("wake", lambda table: _wake(table, base)),
        turn=section("turn", _turn),
        model=section("model", lambda table: _model(table, base)),
        speaker=section("speaker", lambda table: _speaker(table, base)),
        interpreter=section(
            "interpreter", lambda table: Interpreter.read(table, str(_path(table, "voice", base) or ""))
        ),
        broker=section("broker", lambda table: _broker(table, base)),
        ledger=section("ledger", _ledger),
        recording=section("recording", _recording),
        why=section("why", _why),
        mute=section("mute", _mute),
        panel=section("panel", _panel),
        metrics=section("metrics", _metrics),
        discovery=section("discovery", _discovery),
        home_assistant=section("home_assistant", lambda table: _home_assistant(table, base)),
        quiet=section("quiet", _quiet),
        hermes=section("hermes", lambda table: HermesConfig(site=table.string("site", HermesConfig().site))),
        hooks=section("hooks", _hooks),
    )
    if not config.id or any(c in config.id for c in "/" + _NOT_IN_TOPICS):
        root.fault("id", "must be a word without '/', '+', '#' or spaces: it is part of topics")
    if config.locale and not re.fullmatch(r"[A-Za-z]{2,3}[_-][A-Za-z]{2}(\..+)?", config.locale):
        root.fault("locale", "must look like en_US or en_GB")
    for key, kept in (("ledger.keep_turns", config.ledger.keep_turns), ("recording.most_mb", config.recording.most_mb)):
        if kept and config.state_dir is None:
            root.fault(key, "needs state_dir, the folder in which they are kept")
    root.done()
    root.raise_faults()
    return config


# --- the sections, in the order of Config ---------------------------------------------------------------------------


def _microphone(table: Table) -> MicrophoneConfig:
    usual = MicrophoneConfig()
    return MicrophoneConfig(
        device=table.string("device", usual.device),
        channel=_optional(table, "channel", high=31),
        vad_aggressiveness=table.integer("vad_aggressiveness", usual.vad_aggressiveness, low=0, high=3),
    )


def _wake(table: Table, base: Path) -> WakeConfig:
    usual, thresholds = WakeConfig(), table.table("thresholds")
    wake = WakeConfig(
        words=tuple(_wake_word(table, word, base) for word in table.strings("words", usual.words)),
        threshold=table.number("threshold", usual.threshold, low=0.01, high=1),
        thresholds={word: thresholds.number(word, low=0.01, high=1) for word in thresholds},
        backend=table.string("backend", usual.backend, choices=("", "onnx", "pyopen")),
        stop=str(_path(table, "stop", base) or "") if table.has("stop") else usual.stop,
    )
    if not wake.words:
        table.fault("words", "must name at least one wake word")
    for word in wake.thresholds:
        if word not in (*wake.by_word(), wake.stop_word):
            thresholds.fault(word, "is none of the wake words: " + ", ".join(wake.by_word()))
    return wake


def _turn(table: Table) -> TurnConfig:
    usual = TurnConfig()
    return TurnConfig(
        end_ms=table.integer("end_ms", usual.end_ms, low=120, high=3000),
        certain_end_ms=table.integer("certain_end_ms", usual.certain_end_ms, low=120, high=3000),
        slots_left_ms=table.integer("slots_left_ms", usual.slots_left_ms, low=0, high=3000),
        incomplete_end_ms=table.integer("incomplete_end_ms", usual.incomplete_end_ms, low=120, high=3000),
        no_speech_ms=table.integer("no_speech_ms", usual.no_speech_ms, low=500, high=60_000),
        cap_ms=table.integer("cap_ms", usual.cap_ms, low=3001, high=30_000),
    )


def _model(table: Table, base: Path) -> ModelConfig:
    usual = ModelConfig()
    return ModelConfig(
        path=_path(table, "path", base) or usual.path,
        threads=table.integer("threads", usual.threads, low=0, high=64),
        second=_model_folder(table, "second", base),
        encoder=table.string("encoder", usual.encoder, choices=("incremental", "mtmd")),
        draft=table.boolean("draft", usual.draft),
        think=table.boolean("think", usual.think),
    )


def _speaker(table: Table, base: Path) -> SpeakerConfig:
    return SpeakerConfig(device=table.string("device", SpeakerConfig().device), voice=_path(table, "voice", base))


def _broker(table: Table, base: Path) -> BrokerConfig:
    usual = BrokerConfig()
    return BrokerConfig(
        host=table.string("host", usual.host),
        port=table.integer("port", usual.port, low=PORTS[0], high=PORTS[-1]),
        user=table.string("user", usual.user),
        password_file=_path(table, "password_file", base),
        ca_file=_path(table, "ca_file", base),
    )


def _ledger(table: Table) -> LedgerConfig:
    return LedgerConfig(table.integer("keep_turns", LedgerConfig().keep_turns, low=0, high=100_000))


def _recording(table: Table) -> RecordingConfig:
    usual = RecordingConfig()
    return RecordingConfig(
        most_mb=table.integer("most_mb", usual.most_mb, low=0, high=10_000),
        keep_hours=table.integer("keep_hours", usual.keep_hours, low=1, high=720),
    )


def _why(table: Table) -> WhyConfig:
    return WhyConfig(table.integer("turns", WhyConfig().turns, low=0, high=100))


def _mute(table: Table) -> MuteConfig:
    return MuteConfig(table.boolean("mqtt_lifts", MuteConfig().mqtt_lifts))


def _panel(table: Table) -> PanelConfig:
    panel = PanelConfig(
        button_gpio=_optional(table, "button_gpio", high=27), led_gpio=_optional(table, "led_gpio", high=27)
    )
    if panel.led_gpio is not None and panel.led_gpio == panel.button_gpio:
        table.fault("led_gpio", "is the button's pin, too")
    return panel


def _metrics(table: Table) -> MetricsConfig:
    return MetricsConfig(table.integer("port", MetricsConfig().port, low=0, high=65_535))


def _discovery(table: Table) -> DiscoveryConfig:
    usual = DiscoveryConfig()
    discovery = DiscoveryConfig(
        learn=table.boolean("learn", usual.learn),
        announce=table.boolean("announce", usual.announce),
        prefix=table.string("prefix", usual.prefix),
    )
    if not discovery.prefix or any(c in discovery.prefix for c in _NOT_IN_TOPICS):
        table.fault("prefix", "must be a topic without '+', '#' or spaces")
    return discovery


def _home_assistant(table: Table, base: Path) -> HomeAssistantConfig:
    house = HomeAssistantConfig(
        url=table.string("url", HomeAssistantConfig().url).rstrip("/"), token_file=_path(table, "token_file", base)
    )
    if house.url and not house.url.startswith(("http://", "https://")):
        table.fault("url", "must begin with http:// or https://")
    if bool(house.url) != (house.token_file is not None):
        table.fault("token_file", "url and token_file go together")
    return house


def _quiet(table: Table) -> QuietConfig:
    usual = QuietConfig()
    quiet = QuietConfig(
        begin=_clock(table, "from"),
        end=_clock(table, "to"),
        replies=table.string("replies", usual.replies, choices=("soft", "none")),
        volume=table.integer("volume", usual.volume, low=10, high=100),
    )
    if (quiet.begin is None) != (quiet.end is None):
        table.fault("from", "from and to go together")
    return quiet


def _hooks(table: Table) -> dict[str, tuple[str, ...]]:
    hooks = {event: table.strings(event) for event in table}
    for event, words in hooks.items():
        if not words or not words[0].startswith("/"):
            table.fault(event, 'must be a program and its arguments: ["/path/to/program", "argument"]')
    return hooks


# --- values ---------------------------------------------------------------------------------------------------------


def _optional(table: Table, key: str, *, high: int) -> int | None:
    """A number from 0 to `high`; None where the key is missing."""
    return table.integer(key, 0, low=0, high=high) if table.has(key) else None


def _path(table: Table, key: str, base: Path) -> Path | None:
    text = table.string(key, "")
    return _expanded(table, key, text, base) if text else None


def _expanded(table: Table, key: str, text: str, base: Path) -> Path:
    if "\0" in text:
        table.fault(key, "no path holds a NUL")
        return base
    try:
        return base / Path(text).expanduser()
    except RuntimeError:
        table.fault(key, f"'{text}': nobody knows the home folder that '~' stands for")
        return base


def _wake_word(table: Table, word: str, base: Path) -> str:
    """A name, or the path of a model of one's own."""
    return str(_expanded(table, "words", word, base)) if word.endswith(WAKE_MODELS) else word


def _model_folder(table: Table, key: str, base: Path) -> Path | None:
    """A folder, or the name of a model that `voiced models pull` has fetched."""
    name = table.string(key, "")
    return models_cache() / name if re.fullmatch(r"[\w-]+", name) else _path(table, key, base)


def _clock(table: Table, key: str) -> dt.time | None:
    """A time of the house's own clock; None where the key is missing."""
    text = table.string(key, "")
    if not text:
        return None
    with contextlib.suppress(ValueError):
        clock = dt.time.fromisoformat(text)
        if clock.tzinfo is None:
            return clock
    table.fault(key, f"'{text}' must be a time like 22:30")
    return None
