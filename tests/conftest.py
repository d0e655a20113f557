"""For all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Generating values is slow where two cores have many users; that says nothing about the code under test.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")
