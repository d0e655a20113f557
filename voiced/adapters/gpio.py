"""A button and a lamp on the pins of a Raspberry Pi, through gpiozero (the extra `gpio`).

Callbacks come in gpiozero's own threads. Tests give it mock pins: `GPIOZERO_PIN_FACTORY=mock`.
"""

from __future__ import annotations

from collections.abc import Callable

from voiced.errors import AudioDeviceError
from voiced.ports import Light

_BOUNCE_S = 0.02


class NoLamp:
    """`ports.Lamp` that nobody sees."""

    def show(self, light: Light) -> None:
        pass

    def close(self) -> None:
        pass


class GpioPanel:
    """`ports.Lamp`, and a button beside it. Pins by their BCM numbers; None for what there is not. AudioDeviceError
    where they cannot be had.
    """

    def __init__(
        self,
        *,
        button: int | None,
        led: int | None,
        short: Callable[[], None],
        long: Callable[[], None],
        hold_s: float = 1.0,
        bounce_s: float | None = _BOUNCE_S,
    ) -> None:
        """`short` is called when the button is let go, `long` as soon as it was held for `hold_s`."""
        try:
            import gpiozero
        except ImportError as error:
            raise AudioDeviceError("a button or lamp needs gpiozero: pip install 'voiced[gpio]'") from error
        self._held = False
        self._short, self._long = short, long
        self._button = self._led = None
        try:
            if led is not None:
                self._led = gpiozero.LED(led)
            if button is not None:
                self._button = gpiozero.Button(button, hold_time=hold_s, bounce_time=bounce_s)
                self._button.when_held = self._was_held
                self._button.when_released = self._let_go
        except Exception as error:  # each pin library has errors of its own
            self.close()
            raise AudioDeviceError(f"the pins of button and lamp: {type(error).__name__}: {error}") from error

    def show(self, light: Light) -> None:
        if self._led is None:
            return
        if light.off_s == 0:
            self._led.on()
        elif light.on_s == 0:
            self._led.off()
        else:
            self._led.blink(light.on_s, light.off_s)

    def close(self) -> None:
        for device in (self._button, self._led):
            if device is not None:
                device.close()

    def _was_held(self) -> None:
        self._held = True
        self._long()

    def _let_go(self) -> None:
        if not self._held:
            self._short()
        self._held = False
