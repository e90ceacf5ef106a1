"""The public names: one table of them, and the namespaces (`tf`, `tf.nn` ...) made from it.

Nothing else in the package imports this folder but `pantarhei` itself.
"""
