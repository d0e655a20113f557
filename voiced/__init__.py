"""voiced: an offline voice assistant whose ears are a language model's own audio encoder."""

import os

__version__ = "0.1.0"

# ONNX Runtime's wheels for Linux (seen in 1.32) look up mobile.events.data.microsoft.com and keep a database of
# telemetry in the user's cache as soon as a session is made, unless this is set. Our children could not send it anyway:
# adapters/sandbox.py.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
