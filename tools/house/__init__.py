"""A scripted house on a real broker: its devices, what is said in it, and how much of it comes true."""
