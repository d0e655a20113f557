"""voiced.toml: read once, checked whole, frozen. Every default stands here and nowhere else."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from voiced.errors import ConfigError
from voiced.home.interpreter import NO_INTERPRETER, Interpreter
from voiced.tables import Table

MODELS = Path(__file__).resolve().parent.parent / "models"
DEMO_HOME = Path(__file__).resolve().parent / "data" / "demo-home.toml"


@dataclass(frozen=True, slots=True)
class MicrophoneConfig:
    device: str = ""
    """Part of the device's name; empty for the default one."""
    channel: int | None = None
    """Zero-based; None takes the first."""
    vad_aggressiveness: int = 2
    """0 (everything is speech) to 3."""


@dataclass(frozen=True, slots=True)
class WakeConfig:
    words: tuple[str, ...] = ("hey_jarvis",)
    threshold: float = 0.5
    thresholds: dict[str, float] = field(default_factory=dict)
    """Of words that differ, by name."""
    backend: str = ""
    """`onnx`, `pyopen`, or empty for what is installed."""
    stop: str = ""
    """The model of the word that ends a reply or a ring while it sounds, and does nothing else; empty for none."""

    @property
    def stop_word(self) -> str:
        """Its name; its threshold is not that of the wake words."""
        return Path(self.stop).stem

    @property
    def stop_threshold(self) -> float:
        return self.thresholds.get(self.stop_word, 0.5)

    def by_word(self) -> dict[str, float]:
        """Each word's threshold, by the name under which it is scored: a model of one's own has its file's."""
        names = [Path(word).stem if word.endswith((".onnx", ".tflite")) else word for word in self.words]
        return {name: self.thresholds.get(name, self.threshold) for name in names}


@dataclass(frozen=True, slots=True)
class TurnConfig:
    end_ms: int = 300
    certain_end_ms: int = 200
    """Silence that ends a whole command."""
    incomplete_end_ms: int = 1500
    no_speech_ms: int = 5000
    cap_ms: int = 15_000


@dataclass(frozen=True, slots=True)
class ModelConfig:
    path: Path = MODELS / "nano"
    """Folder with the model pair and its description."""
    threads: int = 0
    """0 for as many as are usable."""
    second: Path | None = None
    """Folder of a second model, which hears again what the first one is in doubt of; None for none."""
    encoder: str = "incremental"
    """Or `mtmd`: llama.cpp's own audio encoder, whose time grows with the square of what is said."""
    draft: bool = True
    """nano hears beside a model that writes tool calls, so that what nano understood is checked in one pass."""
    think: bool = False
    """A model that can talk thinks before it answers what was typed. Speech is answered at once."""


@dataclass(frozen=True, slots=True)
class SpeakerConfig:
    device: str = "default"
    """Part of a device's name, `default`, `none`, or `wav:FILE`."""
    voice: Path | None = None
    """A Piper voice's .onnx; None for the one that is installed."""


@dataclass(frozen=True, slots=True)
class BrokerConfig:
    host: str = "localhost"
    port: int = 1883
    user: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None
    """Given: TLS, and the broker's certificate must be signed by it."""


@dataclass(frozen=True, slots=True)
class LedgerConfig:
    keep_turns: int = 0
    """Turns whose figures (nothing that was said) stay in `state_dir`; 0 keeps none on disk."""


@dataclass(frozen=True, slots=True)
class RecordingConfig:
    most_mb: int = 0
    """Sound of turns that may lie on the disk; 0: nothing that is heard ever does."""
    keep_hours: int = 24


@dataclass(frozen=True, slots=True)
class WhyConfig:
    turns: int = 10
    """Turns that are kept in memory, with what was heard, for `voiced why`; 0 keeps none."""


@dataclass(frozen=True, slots=True)
class MuteConfig:
    mqtt_lifts: bool = False
    """Whether a message may lift the mute. The button may, and SIGUSR1; speech never."""


@dataclass(frozen=True, slots=True)
class PanelConfig:
    """BCM numbers of the pins of a button (to ground) and a lamp; None for what there is not."""

    button_gpio: int | None = None
    led_gpio: int | None = None


@dataclass(frozen=True, slots=True)
class MetricsConfig:
    port: int = 0
    """Prometheus metrics on 127.0.0.1; 0 opens nothing."""


@dataclass(frozen=True, slots=True)
class DiscoveryConfig:
    """Home Assistant's MQTT discovery, which needs no Home Assistant."""

    learn: bool = True
    """Take the house from what its devices tell of themselves; home.toml corrects it."""
    announce: bool = True
    """Tell of ourselves, too: Home Assistant then has a device for this one."""
    prefix: str = "homeassistant"


@dataclass(frozen=True, slots=True)
class HomeAssistantConfig:
    """Home Assistant as the house: then MQTT discovery is not asked, because Home Assistant knows those things, too."""

    url: str = ""
    """http://homeassistant.local:8123; empty for none."""
    token_file: Path | None = None
    """A long-lived access token."""


@dataclass(frozen=True, slots=True)
class QuietConfig:
    """The owner's night: nothing is announced, replies are soft or chimes; alarms and timers ring."""

    begin: dt.time | None = None
    """`from` and `to` in the file: local times like "22:30"; None for no quiet hours."""
    end: dt.time | None = None
    replies: str = "soft"
    """Or `none`: what was done is not said; what was asked is, softly."""
    volume: int = 30
    """Percent."""


@dataclass(frozen=True, slots=True)
class HermesConfig:
    site: str = ""
    """siteId under which the topics of Rhasspy (`hermes/...`) are served; empty serves none."""


@dataclass(frozen=True, slots=True)
class Config:
    id: str = "voiced"
    """Names the device: its topics are voiced/<id>/..."""
    home: Path = DEMO_HOME
    area: str = ""
    """Where the device stands: a command without a place means it."""
    locale: str = ""
    """Like en_US or en_GB: twelve or twenty-four hours, Celsius or Fahrenheit. Empty: as the things measure."""
    state_dir: Path | None = None
    microphone: MicrophoneConfig = field(default_factory=MicrophoneConfig)
    wake: WakeConfig = field(default_factory=WakeConfig)
    turn: TurnConfig = field(default_factory=TurnConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    speaker: SpeakerConfig = field(default_factory=SpeakerConfig)
    interpreter: Interpreter = NO_INTERPRETER
    broker: BrokerConfig = field(default_factory=BrokerConfig)
    ledger: LedgerConfig = field(default_factory=LedgerConfig)
    recording: RecordingConfig = field(default_factory=RecordingConfig)
    why: WhyConfig = field(default_factory=WhyConfig)
    mute: MuteConfig = field(default_factory=MuteConfig)
    panel: PanelConfig = field(default_factory=PanelConfig)
    metrics: MetricsConfig = field(default_factory=MetricsConfig)
    discovery: DiscoveryConfig = field(default_factory=DiscoveryConfig)
    home_assistant: HomeAssistantConfig = field(default_factory=HomeAssistantConfig)
    quiet: QuietConfig = field(default_factory=QuietConfig)
    hermes: HermesConfig = field(default_factory=HermesConfig)
    hooks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Event -> program and arguments, run when it happens."""

    @property
    def learns(self) -> bool:
        """The house is told by the network or by Home Assistant; home.toml only corrects it."""
        return self.discovery.learn or bool(self.home_assistant.url)

    def with_place(self, *, home: Path | None, area: str | None) -> Config:
        """With another home file or area, where one is given on the command line."""
        return replace(self, home=home or self.home, area=area or self.area)

    def to_json(self) -> dict[str, object]:
        """The effective configuration. Holds paths of secrets, never secrets."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)}


_WAKE, _TURN, _MODEL, _SPEAKER, _BROKER = WakeConfig(), TurnConfig(), ModelConfig(), SpeakerConfig(), BrokerConfig()
_DISCOVERY = DiscoveryConfig()
_CONFIG = Config()


def load_config(text: str, file: str = "voiced.toml", base: Path | None = None) -> Config:
    """The configuration in `text`; relative paths are meant from `base`. ConfigError with every fault."""
    base = base or Path()
    root = Table.parse(text, file)
    microphone, wake, turn = root.table("microphone"), root.table("wake"), root.table("turn")
    thresholds = wake.table("thresholds")
    model, speaker, broker = root.table("model"), root.table("speaker"), root.table("broker")
    ledger, why, metrics = root.table("ledger"), root.table("why"), root.table("metrics")
    assistant, quiet, interpreter = root.table("home_assistant"), root.table("quiet"), root.table("interpreter")
    mute, panel, recording = root.table("mute"), root.table("panel"), root.table("recording")
    discovery, hermes, hooks = root.table("discovery"), root.table("hermes"), root.table("hooks")
    config = Config(
        id=root.string("id", _CONFIG.id),
        home=_path(root, "home", base) or DEMO_HOME,
        area=root.string("area", ""),
        locale=root.string("locale", ""),
        state_dir=_path(root, "state_dir", base),
        microphone=MicrophoneConfig(
            device=microphone.string("device", ""),
            channel=microphone.integer("channel", 0, low=0, high=31) if microphone.has("channel") else None,
            vad_aggressiveness=microphone.integer("vad_aggressiveness", 2, low=0, high=3),
        ),
        wake=WakeConfig(
            words=wake.strings("words", _WAKE.words),
            threshold=wake.number("threshold", _WAKE.threshold, low=0.01, high=1),
            thresholds={word: thresholds.number(word, low=0.01, high=1) for word in thresholds},
            backend=wake.string("backend", "", choices=("", "onnx", "pyopen")),
            stop=str(_path(wake, "stop", base) or "") if wake.has("stop") else _WAKE.stop,
        ),
        turn=TurnConfig(
            end_ms=turn.integer("end_ms", _TURN.end_ms, low=120, high=3000),
            certain_end_ms=turn.integer("certain_end_ms", _TURN.certain_end_ms, low=120, high=3000),
            incomplete_end_ms=turn.integer("incomplete_end_ms", _TURN.incomplete_end_ms, low=120, high=3000),
            no_speech_ms=turn.integer("no_speech_ms", _TURN.no_speech_ms, low=500, high=60_000),
            cap_ms=turn.integer("cap_ms", _TURN.cap_ms, low=3001, high=30_000),
        ),
        model=ModelConfig(
            path=_path(model, "path", base) or _MODEL.path,
            threads=model.integer("threads", 0, low=0, high=64),
            second=_model_folder(model, "second", base),
            encoder=model.string("encoder", _MODEL.encoder, choices=("incremental", "mtmd")),
            draft=model.boolean("draft", _MODEL.draft),
            think=model.boolean("think", _MODEL.think),
        ),
        speaker=SpeakerConfig(
            device=speaker.string("device", _SPEAKER.device),
            voice=_path(speaker, "voice", base),
        ),
        interpreter=Interpreter.read(interpreter, str(_path(interpreter, "voice", base) or "")),
        broker=BrokerConfig(
            host=broker.string("host", _BROKER.host),
            port=broker.integer("port", _BROKER.port, low=1, high=65_535),
            user=broker.string("user", ""),
            password_file=_path(broker, "password_file", base),
            ca_file=_path(broker, "ca_file", base),
        ),
        ledger=LedgerConfig(keep_turns=ledger.integer("keep_turns", 0, low=0, high=100_000)),
        recording=RecordingConfig(
            recording.integer("most_mb", 0, low=0, high=10_000), recording.integer("keep_hours", 24, low=1, high=720)
        ),
        why=WhyConfig(turns=why.integer("turns", WhyConfig().turns, low=0, high=100)),
        metrics=MetricsConfig(port=metrics.integer("port", 0, low=0, high=65_535)),
        discovery=DiscoveryConfig(
            learn=discovery.boolean("learn", _DISCOVERY.learn),
            announce=discovery.boolean("announce", _DISCOVERY.announce),
            prefix=discovery.string("prefix", _DISCOVERY.prefix),
        ),
        home_assistant=HomeAssistantConfig(
            url=assistant.string("url", "").rstrip("/"), token_file=_path(assistant, "token_file", base)
        ),
        mute=MuteConfig(mqtt_lifts=mute.boolean("mqtt_lifts", MuteConfig().mqtt_lifts)),
        panel=PanelConfig(_pin(panel, "button_gpio"), _pin(panel, "led_gpio")),
        quiet=QuietConfig(
            _clock(quiet, "from"),
            _clock(quiet, "to"),
            replies=quiet.string("replies", QuietConfig().replies, choices=("soft", "none")),
            volume=quiet.integer("volume", QuietConfig().volume, low=10, high=100),
        ),
        hermes=HermesConfig(site=hermes.string("site", "")),
        hooks={event: hooks.strings(event) for event in hooks},
    )
    if not config.id or any(c in config.id for c in "/+# \t\n\0"):
        root.fault("id", "must be a word without '/', '+', '#' or spaces: it is part of topics")
    if config.locale and not re.fullmatch(r"[A-Za-z]{2,3}[_-][A-Za-z]{2}(\..+)?", config.locale):
        root.fault("locale", "must look like en_US or en_GB")
    if not config.wake.words:
        wake.fault("words", "must name at least one wake word")
    for word in config.wake.thresholds.keys() - {*config.wake.by_word(), config.wake.stop_word}:
        thresholds.fault(word, "is none of the wake words: " + ", ".join(config.wake.by_word()))
    if config.ledger.keep_turns and config.state_dir is None:
        ledger.fault("keep_turns", "needs state_dir, the folder in which they are kept")
    if config.recording.most_mb and config.state_dir is None:
        recording.fault("most_mb", "needs state_dir, the folder in which they are kept")
    if config.panel.led_gpio is not None and config.panel.led_gpio == config.panel.button_gpio:
        panel.fault("led_gpio", "is the button's pin, too")
    if not config.discovery.prefix or any(c in config.discovery.prefix for c in "+# \t\n\0"):
        discovery.fault("prefix", "must be a topic without '+', '#' or spaces")
    house = config.home_assistant
    if house.url and not house.url.startswith(("http://", "https://")):
        assistant.fault("url", "must begin with http:// or https://")
    if bool(house.url) != (house.token_file is not None):
        assistant.fault("token_file", "url and token_file go together")
    if (config.quiet.begin is None) != (config.quiet.end is None):
        quiet.fault("from", "from and to go together")
    for event, words in config.hooks.items():
        if not words or not words[0].startswith("/"):
            hooks.fault(event, 'must be a program and its arguments: ["/path/to/program", "argument"]')
    for table in (
        microphone, wake, thresholds, turn, model, speaker, interpreter, broker, ledger, recording, why, metrics,
        discovery, assistant, quiet, mute, panel, hermes, hooks, root,
    ):  # fmt: skip
        table.done()
    root.raise_faults()
    return config


def read_config(path: Path | None) -> Config:
    """The configuration in a file; the defaults where none is named."""
    if path is None:
        return Config()
    return load_config(read_text(path), str(path), path.parent)


def read_text(path: Path) -> str:
    """A text file. ConfigError in one line where it cannot be read."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _pin(table: Table, key: str) -> int | None:
    return table.integer(key, 0, low=0, high=27) if table.has(key) else None


def _path(table: Table, key: str, base: Path) -> Path | None:
    text = table.string(key, "")
    return base / Path(text).expanduser() if text else None


def models_cache(environ: Mapping[str, str] = os.environ) -> Path:
    """Where models that were fetched are kept, a folder each."""
    own = environ.get("XDG_CACHE_HOME", "")
    return (Path(own) if own else Path.home() / ".cache") / "voiced" / "models"


def _model_folder(table: Table, key: str, base: Path) -> Path | None:
    """A folder, or the name of a model that `voiced models pull` has fetched."""
    name = table.string(key, "")
    return models_cache() / name if re.fullmatch(r"[\w-]+", name) else _path(table, key, base)


def _clock(table: Table, key: str) -> dt.time | None:
    text = table.string(key, "")
    try:
        return dt.time.fromisoformat(text) if text else None
    except ValueError:
        table.fault(key, f"'{text}' must be a time like 22:30")
        return None


def _plain(value: Any) -> object:
    if isinstance(value, Path | dt.time):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    if hasattr(value, "__dataclass_fields__"):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value
