"""Fits the engine's judgement (voiced/gemma/judge.py) to recordings whose meaning is known."""
