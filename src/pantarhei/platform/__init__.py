"""Command-line flags, the program runner and logging, with TensorFlow's names."""
