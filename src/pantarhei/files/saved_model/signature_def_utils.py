"""`tf.saved_model.signature_def_utils`: what goes into a graph and comes out, as `SignatureDef`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pantarhei.core.messages import message_class
from pantarhei.files.saved_model.signature_constants import PREDICT_METHOD_NAME
from pantarhei.files.saved_model.utils import build_tensor_info


def build_signature_def(
    inputs: Mapping[str, Any] | None = None,
    outputs: Mapping[str, Any] | None = None,
    method_name: str | None = None,
) -> Any:
    """A `SignatureDef`.

    Args:
      inputs: a `TensorInfo` for each input's name.
      outputs: a `TensorInfo` for each output's name.
      method_name: which kind of signature it is.
    """
    signature = message_class("SignatureDef")(method_name=method_name or "")
    for target, infos in ((signature.inputs, inputs), (signature.outputs, outputs)):
        for name, info in (infos or {}).items():
            target[name].CopyFrom(info)
    return signature


def predict_signature_def(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Any:
    """The `SignatureDef` of a prediction from tensors to tensors.

    Args:
      inputs: a tensor for each input's name.
      outputs: a tensor for each output's name.

    Raises:
      ValueError: there are none.
    """
    if not inputs:
        raise ValueError("Prediction inputs cannot be None or empty.")
    if not outputs:
        raise ValueError("Prediction outputs cannot be None or empty.")
    return build_signature_def(
        {name: build_tensor_info(tensor) for name, tensor in inputs.items()},
        {name: build_tensor_info(tensor) for name, tensor in outputs.items()},
        PREDICT_METHOD_NAME,
    )
