"""`tf.losses`: losses of whole batches, weighted, reduced to a number and collected."""
