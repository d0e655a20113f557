"""PURE: when a turn begins, pauses, resumes and ends."""
