"""Summaries: tensors serialised for event files."""
