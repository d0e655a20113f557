"""Prefill in the lower half of an E-series model. If llama.cpp skips by itself one day, this module goes."""

from __future__ import annotations

import ctypes

import llama_cpp.llama_cpp as lib


class LowerHalf:
    """Ends the computation of a batch at its last key and value, when nobody wants its logits.

    Only the lower layers of an E-series model own keys and values (15 of E2B's 35): for all tokens but those whose
    logits are wanted, the others are wasted work that llama.cpp does not skip (a TODO in its models/gemma4.cpp).
    `cb_eval` of llama.h is asked at each node of the graph and may end it there; all nodes up to the last one that
    stores a key or a value (SET_ROWS) are the same ones in the same order, so the memory is the same to the last bit.
    """

    def __init__(self, owning_layers: int) -> None:
        self._operation = lib._lib.ggml_op_desc  # libllama's own dependency: a pointer to a tensor -> its operation
        self._operation.argtypes, self._operation.restype = [ctypes.c_void_p], ctypes.c_char_p
        self._stores = 2 * owning_layers
        self._left = 0
        self.reached = True
        """Whether the last run that was to be short was."""
        self.callback = lib.ggml_backend_sched_eval_callback(self._on_node)

    def arm(self, short: bool) -> None:
        """Before each run: whether it may end early."""
        self._left, self.reached = self._stores if short else 0, not short

    def _on_node(self, tensor: int, ask: bool, _data: object) -> bool:
        """Asked before a node: is it to be looked at? And after it was computed: is the run to go on?"""
        if not ask:
            return False
        if self._left and self._operation(tensor) == b"SET_ROWS":
            self._left -= 1
            self.reached = self._left == 0
            return self.reached
        return False
