"""PURE. Rhasspy's Hermes protocol: what happens as its messages, and its requests as ours.

There is no transcript here, but Hermes clients want an `input`: it is rendered from the decision ("turn on bed light").
Sound is never published.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from voiced.topics.presence import Out

REQUESTS = ("hermes/tts/say", "hermes/dialogueManager/startSession", "hermes/dialogueManager/endSession")
MAX_BYTES = 16_384
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(slots=True)
class Hermes:
    """One site. Keeps how the open session is going, because its end must say so."""

    site: str
    sensitivity: float = 0.5
    _reason: dict[str, str] = field(default_factory=dict)

    def told(self, happening: Mapping[str, object]) -> Iterator[Out]:
        """The messages for something that happened."""
        session = f"{self.site}-{happening.get('turn', 0)}"
        match happening["event"]:
            case "wake":
                word = str(happening["word"])
                yield self._out(
                    f"hermes/hotword/{word}/detected", modelId=word, modelVersion="", modelType="universal",
                    currentSensitivity=self.sensitivity, sessionId=None,
                )  # fmt: skip
                yield self._out("hermes/dialogueManager/sessionStarted", sessionId=session, customData=None)
            case "decision":
                yield from self._decided(happening, session)
            case "failed":
                self._reason[session] = "error"
            case "turn_end":
                reason = {"reason": self._reason.pop(session, "nominal")}
                yield self._out(
                    "hermes/dialogueManager/sessionEnded", termination=reason, sessionId=session, customData=None
                )

    def _decided(self, happening: Mapping[str, object], session: str) -> Iterator[Out]:
        calls = happening["calls"]
        if happening["verdict"] != "calls" or not isinstance(calls, list):
            if happening["verdict"] != "digits":
                self._reason[session] = "intentNotRecognized"
                yield self._out("hermes/nlu/intentNotRecognized", input="", id=session, sessionId=session)
            return
        for call in calls:
            said, slots = rendered(str(call["intent"]), call["slots"], happening["certainty"])
            yield self._out(
                f"hermes/intent/{call['intent']}", input=said, slots=slots, id=session, sessionId=session,
                intent={"intentName": call["intent"], "confidenceScore": happening["certainty"]},
                customData=None, asrTokens=[], asrConfidence=happening["certainty"], rawInput=said,
            )  # fmt: skip

    def _out(self, topic: str, **fields: object) -> Out:
        return Out(topic, json.dumps({**fields, "siteId": self.site}))

    def finished(self, request: str) -> Out:
        return self._out("hermes/tts/sayFinished", id=request)

    def asked(self, topic: str, payload: bytes) -> Request | None:
        """What a message asks of this site; None where it asks nothing."""
        try:
            body = json.loads(payload) if len(payload) <= MAX_BYTES else None
        except (ValueError, RecursionError):
            return None
        if not isinstance(body, dict) or str(body.get("siteId", "default")) != self.site:
            return None
        init = body.get("init")
        if topic.endswith("/startSession") and isinstance(init, dict):
            say = " ".join(str(init.get("text") or "").split())
            return Request(say, listen=init.get("type") == "action")
        say = " ".join(str(body.get("text") or "").split())
        return Request(say, request=str(body.get("id") or "") if topic == REQUESTS[0] else None) if say else None


@dataclass(frozen=True, slots=True)
class Request:
    say: str = ""
    listen: bool = False
    request: str | None = None
    """Of a `tts/say`: the id that its end is told with."""


def rendered(intent: str, slots: Mapping[str, object], certainty: object) -> tuple[str, list[dict[str, object]]]:
    """(input, slots) of an intent: "turn on bed light", and where in it each value stands."""
    said = _CAMEL.sub(" ", intent.removeprefix("Hass")).lower()
    found: list[dict[str, object]] = []
    for name, value in slots.items():
        raw = str(value)
        start = len(said) + 1
        said = f"{said} {raw}"
        found.append({
            "entity": name, "slotName": name, "confidence": certainty, "rawValue": raw,
            "value": {"kind": "Unknown", "value": value}, "range": {"start": start, "end": start + len(raw)},
        })  # fmt: skip
    return said, found
