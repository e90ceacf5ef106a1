"""Op definitions: signatures, shape rules, the registry, and `apply`, which makes operations."""
