"""PURE: the house. Areas, entities, intents, what is dangerous and what must be confirmed."""
