"""Records, examples and CSV lines parsed into tensors."""
