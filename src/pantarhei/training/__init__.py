"""What surrounds a training loop: coordinated threads."""
