"""The commands of the `voiced` program, a module each."""
