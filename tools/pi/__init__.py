"""voiced on the Raspberry Pi's kind of processor, emulated."""
