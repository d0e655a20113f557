"""PURE. What can be said in this house: a graph of words whose paths carry the calls that they mean."""
