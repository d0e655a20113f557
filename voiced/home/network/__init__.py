"""PURE. The house as the network tells it: discovery, registries, templates, and what the owner corrects."""
