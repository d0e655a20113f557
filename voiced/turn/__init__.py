"""What one turn does: commands and what became of them, what is said and when, what rings, why it went as it did."""
