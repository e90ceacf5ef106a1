"""The namespace `tf.version`: which TensorFlow programs may take this for, and which package it is.

Scripts ask `tf.__version__` to choose between names of different years, so it gives the TensorFlow
whose names and meanings these are; the package's own version is `PACKAGE`.
"""

VERSION = "1.15.5"
PACKAGE = "0.1.0"

__all__ = ["PACKAGE", "VERSION"]
