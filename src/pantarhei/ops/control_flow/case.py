"""`tf.case`: the first of several branches whose condition holds, as nested conditions."""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pantarhei.core import dtypes
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.joining import stack
from pantarhei.ops.control_flow.checks import Assert
from pantarhei.ops.control_flow.cond import cond
from pantarhei.ops.math.comparison import less_equal
from pantarhei.ops.math.reductions import reduce_sum

Branch = Callable[[], Any]


def case(
    pred_fn_pairs: Any,
    default: Branch | None = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str = "case",
) -> Any:
    """What the function beside the first condition that holds returns.

    Args:
      pred_fn_pairs: a list of pairs, or a dict, of bool scalar tensors and functions.
      default: the function used where none holds; without it a run fails then.
      exclusive: whether a run fails where more than one holds.
      strict: as in `tf.cond`.
      name: name scope.

    Raises:
      TypeError: the pairs have another form. tf.errors.InvalidArgumentError: when it runs.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.constant(5.0)
      >>> y = tf.case([(x < 0.0, lambda: -x), (x > 4.0, lambda: tf.sqrt(x + 4.0))], lambda: x)
      >>> print(tf.Session().run(y))
      3.0
    """
    pairs = _checked_pairs(pred_fn_pairs, exclusive, name)
    predicates = [pred for pred, _ in pairs]
    actions = [action for _, action in pairs]
    with name_scope(name, "case", predicates):
        if default is None:
            default = functools.partial(_last_action, predicates, actions[-1])
            predicates, actions = predicates[:-1], actions[:-1]
        branch = default
        for pred, action in reversed(list(zip(predicates, actions, strict=True))):
            branch = functools.partial(cond, pred, true_fn=action, false_fn=branch, strict=strict)
        if not exclusive:
            return branch()
        with get_default_graph().control_dependencies(
            [_at_most(predicates, 1, "Input error: exclusive=True")]
        ):
            return branch()


def _checked_pairs(pairs: Any, exclusive: bool, name: str) -> list[tuple[Tensor, Branch]]:
    if not isinstance(pairs, (list, tuple, Mapping)):
        raise TypeError("fns must be a list, tuple, or dict")
    if isinstance(pairs, OrderedDict):
        pairs = list(pairs.items())
    elif isinstance(pairs, Mapping):
        # TensorFlow's order, which does not depend on how the dict was filled.
        pairs = sorted(pairs.items(), key=lambda item: str(item[0].name))
        if not exclusive:
            warnings.warn(
                f"{name}: An unordered dictionary of predicate/fn pairs was provided, but "
                "exclusive=False. The order of conditional tests is deterministic but not "
                "guaranteed.",
                stacklevel=3,
            )
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError("Each entry in pred_fn_pairs must be a 2-tuple")
        pred, action = pair
        if not isinstance(pred, Tensor):
            raise TypeError(f"pred must be a Tensor, got: {pred}")
        if pred.dtype != dtypes.bool:
            raise TypeError(f"pred must be Tensor of type bool: {pred.name}")
        if not callable(action):
            raise TypeError(f"fn for pred {pred.name} must be callable.")
    return list(pairs)


def _at_most(predicates: Sequence[Tensor], most: int, message: str) -> Operation:
    """The assertion that no more than `most` of the predicates hold."""
    stacked = stack(predicates, name="preds_c")
    count = reduce_sum(cast(stacked, dtypes.int32), name="num_true_conds")
    condition = less_equal(count, constant(most, name="n_true_conds"))
    names = ", ".join(each.name for each in predicates)
    text = f"{message}: more than {most} conditions ({names}) evaluated as True:"
    return Assert(condition, [text, stacked], summarize=len(predicates))


def _last_action(predicates: Sequence[Tensor], action: Branch) -> Any:
    """The last branch where there is no default: its condition has to hold, and no other."""
    others = (
        "Implementation error: selected default action "
        f"#{len(predicates) - 1} was called, but some of other predicates are True: "
    )
    none = ("Input error: None of conditions evaluated as True:", stack(predicates, name="preds_c"))
    with get_default_graph().control_dependencies(
        [_at_most(predicates[:-1], 0, others), Assert(predicates[-1], none)]
    ):
        return action()
