"""`tf.saved_model`: a folder with a graph, its variables, and what goes in and comes out.

`saved_model.pb` holds the graph with its signatures, `variables/` a checkpoint, `assets/` files
that the graph reads.
"""
