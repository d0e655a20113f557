"""The three child processes (ear, engine, mouth), the channel to them and the supervisor that keeps them alive."""
