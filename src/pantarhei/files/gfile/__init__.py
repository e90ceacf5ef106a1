"""`tf.gfile`: files and directories, with TensorFlow's names and errors.

What the system refuses is raised in the classes of `tf.errors`, with the path and the system's
words. Paths may be text, bytes or path objects. Independent of graphs and tensors.
"""
