"""Modules that old programs import by their paths in TensorFlow, such as
`from tensorflow.python.client import timeline`.
"""
