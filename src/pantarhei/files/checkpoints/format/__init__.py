"""TensorFlow's checkpoint formats, versions 1 and 2, byte by byte."""
