"""Python functions that run as operations."""
