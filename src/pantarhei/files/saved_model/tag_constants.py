"""`tf.saved_model.tag_constants`: tags by which the graphs of a saved model are distinguished."""

EVAL = "eval"
GPU = "gpu"
SERVING = "serve"
TPU = "tpu"
TRAINING = "train"
