"""Variables as operations: reads, assignments, scattered updates, optimizer updates."""
