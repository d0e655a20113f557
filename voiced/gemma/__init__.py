"""Gemma 4 E-series on llama.cpp: audio in, a validated decision out. Imported by the engine child only."""
