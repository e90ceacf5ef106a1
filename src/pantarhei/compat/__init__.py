"""Compatibility with code written for TensorFlow."""
