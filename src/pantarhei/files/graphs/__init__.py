"""Graphs in files: read, written, edited; TensorFlow's `GraphDef` and `MetaGraphDef`.

From the bottom: `tensors` and `attributes` (what a node's attributes hold), `nodes` (a graph's
nodes in order), `importing` (nodes become operations), `writing`, `editing` (`tf.graph_util`),
`op_definitions`, `collections`, `meta_graphs` (`tf.train.export_meta_graph` and its inverse).
"""
