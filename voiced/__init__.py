"""voiced: an offline voice assistant whose ears are a language model's own audio encoder."""

__version__ = "0.1.0"
