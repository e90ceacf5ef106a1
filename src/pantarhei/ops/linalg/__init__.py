"""Matrix products, norms, factorisations and solvers."""
