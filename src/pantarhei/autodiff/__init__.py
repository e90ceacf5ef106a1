"""Differentiation, graph to graph: gradients, loops, custom gradients, Hessians."""
