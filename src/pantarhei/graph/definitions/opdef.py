"""What a module of operations needs to define them and to make them, in one import."""

from pantarhei.graph.definitions.application import apply
from pantarhei.graph.definitions.definition import (
    DEAD,
    REGISTRY,
    OpDef,
    first_input_shape,
    register,
)

__all__ = ["DEAD", "REGISTRY", "OpDef", "apply", "first_input_shape", "register"]
