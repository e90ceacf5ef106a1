"""Checkpoints: the format, saving and restoring, and that nothing is ever lost."""
