"""What goes out on the broker and comes in: own topics, and voiced as Home Assistant and Rhasspy know it."""
