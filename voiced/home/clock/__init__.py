"""PURE. What the house does by the clock: timers, alarms, what rings, quiet hours. Nothing here waits."""
