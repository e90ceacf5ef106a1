"""`tf.saved_model`: a folder with a graph, its variables, and what goes in and comes out.

`saved_model.pb` holds the graph with its signatures, `variables/` a checkpoint, `assets/` files
that the graph reads.
"""

from pantarhei.files.saved_model import (
    builder,
    loader,
    signature_constants,
    signature_def_utils,
    tag_constants,
    utils,
)
from pantarhei.files.saved_model.builder import SavedModelBuilder as Builder
from pantarhei.files.saved_model.builder import simple_save
from pantarhei.files.saved_model.loader import load, maybe_saved_model_directory
from pantarhei.files.saved_model.loader import maybe_saved_model_directory as contains_saved_model
from pantarhei.files.saved_model.signature_def_utils import (
    build_signature_def,
    predict_signature_def,
)
from pantarhei.files.saved_model.utils import build_tensor_info, get_tensor_from_tensor_info

__all__ = [
    "Builder",
    "build_signature_def",
    "build_tensor_info",
    "builder",
    "contains_saved_model",
    "get_tensor_from_tensor_info",
    "load",
    "loader",
    "maybe_saved_model_directory",
    "predict_signature_def",
    "signature_constants",
    "signature_def_utils",
    "simple_save",
    "tag_constants",
    "utils",
]
