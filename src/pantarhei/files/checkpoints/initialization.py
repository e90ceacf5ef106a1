"""`tf.train.init_from_checkpoint` and `tf.train.warm_start`: variables whose initial values come
from a checkpoint.

Finds what belongs to what by name, and gives variables new initializers; nothing is read before
these are run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from pantarhei.files.checkpoints.checkpoint_state import latest_checkpoint
from pantarhei.files.checkpoints.reader import load_checkpoint
from pantarhei.files.checkpoints.saveables import saveables, spec_of
from pantarhei.files.gfile.system_errors import Path, text
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.scopes import device, get_collection
from pantarhei.platform import logging
from pantarhei.variables.partitions import PartitionedVariable
from pantarhei.variables.store import default_store
from pantarhei.variables.variable import Variable

Shapes = dict[str, list[int]]


def init_from_checkpoint(ckpt_dir_or_file: Path, assignment_map: Mapping[str, Any]) -> None:
    """Makes variables start with values from a checkpoint, instead of their initial values.

    The values are read when the variables' initializers are run, for instance by
    `tf.global_variables_initializer()`, which has to be made afterwards.

    Args:
      ckpt_dir_or_file: what `Saver.save` returned, or a folder, whose latest checkpoint is taken.
      assignment_map: names in the checkpoint to variables, to lists of the parts of a variable, or
        to the names of variables that `tf.get_variable` made. `"scope/": "other/"` maps all
        variables of the scope `other`, `"/"` stands for no scope.

    Raises:
      ValueError: the checkpoint lacks something, or something is of another shape.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> with tf.variable_scope("old"):
      ...     v = tf.get_variable("v", initializer=[1.0, 2.0])
      >>> with tf.Session() as session:
      ...     session.run(v.initializer)
      ...     path = tf.train.Saver().save(session, "model")
      >>> tf.reset_default_graph()
      >>> with tf.variable_scope("new"):
      ...     v = tf.get_variable("v", [2])
      >>> tf.train.init_from_checkpoint(path, {"old/": "new/"})
      >>> session = tf.Session()
      >>> session.run(tf.global_variables_initializer())
      >>> session.run(v)
      array([1., 2.], dtype=float32)
    """
    shown = text(ckpt_dir_or_file)
    shapes = load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map()
    path = latest_checkpoint(shown) if os.path.isdir(shown) else shown
    held = default_store().variables
    for name, target in sorted(assignment_map.items()):
        variable = target if _is_variable(target) else _held(target, held)
        if variable is not None:
            if name not in shapes:
                raise ValueError(f"Tensor {name} is not found in {shown} checkpoint {shapes}")
            _check_shape(variable, name, shapes)
            _initialize(variable, path, name)
        else:
            for own, theirs in _pairs_of_scopes(name, target, held, shapes, shown):
                _initialize(_held(own, held), path, theirs)


def _is_variable(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(isinstance(each, Variable) for each in value)
    return isinstance(value, (Variable, PartitionedVariable))


def _held(name: str, held: Mapping[str, Any]) -> Any:
    """The variable of that name, its parts if it is in parts, None if there is none."""
    if name in held:
        return held[name]
    parts: list[Any] = []
    while f"{name}/part_{len(parts)}" in held:
        parts.append(held[f"{name}/part_{len(parts)}"])
    return parts or None


def _check_shape(variable: Any, name: str, shapes: Shapes) -> None:
    if isinstance(variable, Variable):
        own, shape = variable.name, variable.get_shape()
    else:
        parts = list(variable)
        own = ",".join(part.name for part in parts)
        shape = parts[0]._save_slice_info.full_shape
        if shape == shapes[name]:
            return
    if not hasattr(shape, "is_compatible_with") or not shape.is_compatible_with(shapes[name]):
        raise ValueError(
            f"Shape of variable {own} ({shape}) doesn't match with shape of tensor {name} "
            f"({shapes[name]}) from checkpoint reader."
        )


def _pairs_of_scopes(
    theirs: str, own: str, held: Mapping[str, Any], shapes: Shapes, shown: str
) -> list[tuple[str, str]]:
    """For every variable of the scope `own` its name, and that of its tensor in the checkpoint."""
    scope = own.rpartition("/")[0]
    if not theirs.endswith("/"):
        raise ValueError(
            f"Assignment map with scope only name {scope} should map to scope only {theirs}. "
            "Should be 'scope/': 'other_scope/'."
        )
    names = {name.partition("/part_")[0] for name in held}
    pairs = []
    for name in sorted(names):
        if scope and not name.startswith(scope + "/"):
            continue
        rest = name.removeprefix(scope).removeprefix("/") if scope else name
        found = rest if theirs == "/" else theirs + rest
        if found not in shapes:
            raise ValueError(
                f"Tensor {found} ({rest} in {theirs}) is not found in {shown} checkpoint"
            )
        pairs.append((name, found))
    return pairs


def _initialize(variable: Any, path: str | None, name: str) -> None:
    parts: Sequence[Any] = [variable] if isinstance(variable, Variable) else list(variable)
    wholes = {part._save_slice_info.full_name for part in parts if part._save_slice_info}
    if len(wholes) > 1:
        first, second, *_ = sorted(wholes)
        raise ValueError(f"Slices must all be from the same tensor: {first} != {second}")
    for part in parts:
        in_parts = not isinstance(variable, Variable)
        spec = spec_of(part._save_slice_info) if in_parts else ""
        with device(part.device), device("/cpu:0"):
            (value,) = apply(
                "RestoreV2",
                path,
                [name],
                [spec],
                dtypes=[part.dtype.base_dtype],
                name="checkpoint_initializer",
            )
            (saveable,) = saveables([part])
        part._initializer_op = saveable.restore([value], None)
        value.set_shape(part.shape)
        part._initial_value = value
    logging.debug(
        "Initialize variable %s from checkpoint %s with %s",
        ",".join(part.name for part in parts), path, name,
    )  # fmt: skip


def warm_start(
    ckpt_to_initialize_from: Path,
    vars_to_warm_start: Any = ".*",
    var_name_to_vocab_info: Mapping[str, Any] | None = None,
    var_name_to_prev_var_name: Mapping[str, str] | None = None,
) -> None:
    """Makes variables start with the values of the same names in a checkpoint.

    Args:
      ckpt_to_initialize_from: what `Saver.save` returned, or a folder.
      vars_to_warm_start: a regular expression for names of trainable variables; a list of such
        expressions for all variables; a list of variables.
      var_name_to_vocab_info: not taken here: rows are not rearranged by vocabularies.
      var_name_to_prev_var_name: names in the checkpoint, by the variables' names.

    Raises:
      ValueError: the checkpoint lacks a variable, or has another shape; a name is not one of the
      variables that are started.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> v = tf.Variable([1.0, 2.0], name="v")
      >>> with tf.Session() as session:
      ...     session.run(v.initializer)
      ...     path = tf.train.Saver().save(session, "model")
      >>> tf.reset_default_graph()
      >>> v = tf.Variable([0.0, 0.0], name="v")
      >>> tf.train.warm_start(path)
      >>> session = tf.Session()
      >>> session.run(tf.global_variables_initializer())
      >>> session.run(v)
      array([1., 2.], dtype=float32)
    """
    if var_name_to_vocab_info:
        raise ValueError("var_name_to_vocab_info: rows are not rearranged by vocabularies")
    logging.info("Warm-starting from: %s", ckpt_to_initialize_from)
    earlier = dict(var_name_to_prev_var_name or {})
    groups: dict[str, list[Any]] = {}
    for variable in _to_start(vars_to_warm_start):
        part = variable._save_slice_info
        groups.setdefault(part.full_name if part else variable.op.name, []).append(variable)
    init_from_checkpoint(
        ckpt_to_initialize_from,
        {
            earlier.get(name, name): group[0] if group[0]._save_slice_info is None else group
            for name, group in groups.items()
        },
    )
    logging.info("Warm-started %d variables.", len(groups))
    unused = set(earlier) - set(groups)
    if unused:
        raise ValueError(
            "You provided the following variables in var_name_to_prev_var_name that were not used: "
            f"{unused}.  Perhaps you misspelled them?  Here is the list of viable variable names: "
            f"{groups.keys()}"
        )


def _to_start(wanted: Any) -> list[Any]:
    """The variables that `vars_to_warm_start` stands for."""
    if wanted is None:
        return []
    if isinstance(wanted, str):
        return get_collection(GraphKeys.TRAINABLE_VARIABLES, wanted)
    if not isinstance(wanted, list):
        raise ValueError(
            "`vars_to_warm_start must be a `list` or `str`.  Given type is " + str(type(wanted))
        )
    if all(isinstance(each, str) for each in wanted):
        return [
            variable
            for each in wanted
            for variable in get_collection(GraphKeys.GLOBAL_VARIABLES, each)
        ]
    if all(_is_variable(each) for each in wanted):
        flat: list[Any] = []
        for each in wanted:
            flat += [each] if isinstance(each, Variable) else list(each)
        return flat
    raise ValueError(
        "If `vars_to_warm_start` is a list, it must be all `Variable` or all `str`.  Given types "
        f"are {[type(each) for each in wanted]}"
    )
