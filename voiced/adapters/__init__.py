"""One file, one SDK: the edges of the house."""
