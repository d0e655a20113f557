"""PURE: what to say."""
