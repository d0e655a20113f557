"""Random-weight models with the shapes of Gemma 4 E-series: what they say means nothing, what they cost is real."""
