"""Random tensors, from counters that the session keeps or that the caller gives."""
