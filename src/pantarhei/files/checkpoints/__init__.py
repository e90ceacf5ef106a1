"""Checkpoints: variables in files, in TensorFlow's format of versions 1.x and 2.x.

From the bottom: `coding` (numbers as bytes), `messages` (the entries of an index), `table` (the
index file), `durable` (files that survive a crash), `bundle_reader` and `bundle_writer` (one
checkpoint), `operations` and `saver_nodes` (as part of a graph), `saver`, and what looks into
folders and files.
"""
