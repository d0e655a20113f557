"""How well our own voice is taken out of what the microphone hears, beside PulseAudio's own cancellers."""
