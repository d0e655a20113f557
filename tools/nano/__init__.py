"""Training the default model, nano, from scratch on a CPU: data, model, loop, export, measures."""
