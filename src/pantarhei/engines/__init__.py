"""Floor 5: engines, which compile programs to callables, independent of graphs and sessions."""
