"""The namespace `tf.layers`: layers as objects, and as functions that make one and apply it."""
