"""The three child processes (ear, engine, mouth) and one that lists sound devices and ends, the channel to them and the
supervisor that keeps them alive.
"""
