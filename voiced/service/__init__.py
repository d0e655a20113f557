"""What only lives in the daemon: its health, what must survive a restart, the house that learns itself, the panel."""
