"""From the graph to a plan: scheduling, loops, specialization points."""
