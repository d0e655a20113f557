"""What an owner can set, frozen, each with its default; `configfile.py` reads voiced.toml.

The pure rooms have defaults of their own, for they know no configuration: a test holds that both are the same.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path

from voiced.home.interpreter import NO_INTERPRETER, Interpreter

WAKE_MODELS = (".onnx", ".tflite")
"""How the file of a wake word of one's own ends."""
MODELS = Path(__file__).resolve().parent.parent / "models"
DEMO_HOME = Path(__file__).resolve().parent / "data" / "demo-home.toml"


def models_cache(environ: Mapping[str, str] = os.environ) -> Path:
    """Where models that were fetched or made are kept."""
    own = environ.get("XDG_CACHE_HOME", "")
    return (Path(own) if own else Path.home() / ".cache") / "voiced" / "models"


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
    """Names of words that ship with the library, or paths of models of one's own."""
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
        names = [Path(word).stem if word.endswith(WAKE_MODELS) else word for word in self.words]
        return {name: self.thresholds.get(name, self.threshold) for name in names}


@dataclass(frozen=True, slots=True)
class TurnConfig:
    end_ms: int = 300
    certain_end_ms: int = 200
    """Silence that ends a whole command."""
    slots_left_ms: int = 300
    """So much longer where something may still be named."""
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


def _plain(value: object) -> object:
    if isinstance(value, Path | dt.time):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value
