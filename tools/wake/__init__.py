"""Makes a wake word of one's own from synthesized speech: `python -m tools.wake "hey gemma"`."""
