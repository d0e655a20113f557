"""Measurements: fixed inputs, warm-up, medians; ratios only between what was measured in the same run."""
