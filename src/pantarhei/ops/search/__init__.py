"""Positions and membership: extrema, sorting, distinct elements, sets."""
