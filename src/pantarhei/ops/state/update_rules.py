"""The rules by which optimizers change variables: formulas, each written once.

A rule takes the values of the variable and its slots, then the other inputs of its operation, and
returns the new values of the variable and its slots. It is independent of where they are kept and
of whether they are whole variables or some rows of them. The names in a rule are those of its
operation's inputs, but for the gradient, which is always called so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pantarhei.program.ir import Value

Operand = Any  # a TracedValue or a Python number


@dataclass(frozen=True, eq=False)
class TracedValue:
    """A program value that is computed with by operators, so that rules read as formulas do."""

    b: Any
    value: Value

    def _of(self, primitive: str, *operands: Operand) -> TracedValue:
        values = [each.value if isinstance(each, TracedValue) else each for each in operands]
        return TracedValue(self.b, getattr(self.b, primitive)(*values))

    def __add__(self, other: Operand) -> TracedValue:
        return self._of("add", self, other)

    def __radd__(self, other: Operand) -> TracedValue:
        return self._of("add", other, self)

    def __sub__(self, other: Operand) -> TracedValue:
        return self._of("subtract", self, other)

    def __rsub__(self, other: Operand) -> TracedValue:
        return self._of("subtract", other, self)

    def __mul__(self, other: Operand) -> TracedValue:
        return self._of("multiply", self, other)

    def __rmul__(self, other: Operand) -> TracedValue:
        return self._of("multiply", other, self)

    def __truediv__(self, other: Operand) -> TracedValue:
        return self._of("divide", self, other)

    def __pow__(self, other: Operand) -> TracedValue:
        return self._of("power", self, other)

    def __neg__(self) -> TracedValue:
        return self._of("negative", self)

    def __abs__(self) -> TracedValue:
        return self._of("absolute", self)

    def __gt__(self, other: Operand) -> TracedValue:
        return self._of("less", other, self)

    def __eq__(self, other: object) -> TracedValue:  # type: ignore[override]
        return self._of("equal", self, other)

    @property
    def sign(self) -> TracedValue:
        """-1, 0 or 1."""
        return self._of("sign", self)

    @property
    def sqrt(self) -> TracedValue:
        """The square root."""
        return self._of("sqrt", self)

    @property
    def squared(self) -> TracedValue:
        """The square."""
        return self * self

    def at_least(self, other: Operand) -> TracedValue:
        """The larger one."""
        return self._of("maximum", self, other)

    def choose(self, then: Operand, otherwise: Operand) -> TracedValue:
        """Where this holds, `then`, and `otherwise` elsewhere."""
        return self._of("where", self, then, otherwise)

    def cast_like(self, other: TracedValue) -> TracedValue:
        """The same in another's dtype."""
        return TracedValue(self.b, self.b.cast(self.value, dtype=other.value.dtype))


Rule = tuple[TracedValue, ...]


def shrunk(x: TracedValue, by: TracedValue) -> TracedValue:
    """`x` moved towards zero, and not past it: what an L1 penalty does to a step."""
    return x.sign * (abs(x) - by).at_least(0.0)


def gradient_descent(var: TracedValue, alpha: TracedValue, grad: TracedValue) -> Rule:
    """The step against the gradient."""
    return (var - alpha * grad,)


def momentum(
    var: TracedValue,
    accum: TracedValue,
    lr: TracedValue,
    grad: TracedValue,
    momentum: TracedValue,
    use_nesterov: bool,
) -> Rule:
    """Gradients add up to a velocity, which fades; Nesterov looks one step ahead."""
    accum = accum * momentum + grad
    step = grad * lr + accum * momentum * lr if use_nesterov else accum * lr
    return var - step, accum


def adagrad(
    var: TracedValue, accum: TracedValue, lr: TracedValue, grad: TracedValue, update_slots: bool
) -> Rule:
    """Steps shrink with the sum of all squared gradients."""
    if update_slots:
        accum = accum + grad.squared
    return var - grad * lr / accum.sqrt, accum


def adadelta(
    var: TracedValue,
    accum: TracedValue,
    accum_update: TracedValue,
    lr: TracedValue,
    rho: TracedValue,
    epsilon: TracedValue,
    grad: TracedValue,
) -> Rule:
    """Steps are as large as recent steps, in proportion to recent gradients."""
    accum = accum * rho + grad.squared * (1.0 - rho)
    step = (accum_update + epsilon).sqrt / (accum + epsilon).sqrt * grad
    accum_update = accum_update * rho + step.squared * (1.0 - rho)
    return var - step * lr, accum, accum_update


def adam(
    var: TracedValue,
    m: TracedValue,
    v: TracedValue,
    beta1_power: TracedValue,
    beta2_power: TracedValue,
    lr: TracedValue,
    beta1: TracedValue,
    beta2: TracedValue,
    epsilon: TracedValue,
    grad: TracedValue,
    use_nesterov: bool,
) -> Rule:
    """Means of gradients and of their squares, each corrected for its start at zero."""
    rate = lr * (1.0 - beta2_power).sqrt / (1.0 - beta1_power)
    m = m + (grad - m) * (1.0 - beta1)
    v = v + (grad.squared - v) * (1.0 - beta2)
    direction = grad * (1.0 - beta1) + beta1 * m if use_nesterov else m
    return var - direction * rate / (v.sqrt + epsilon), m, v


def rms_prop(
    var: TracedValue,
    ms: TracedValue,
    mom: TracedValue,
    lr: TracedValue,
    rho: TracedValue,
    momentum: TracedValue,
    epsilon: TracedValue,
    grad: TracedValue,
) -> Rule:
    """Gradients divided by the root of their recent mean square, with momentum."""
    ms = ms + (grad.squared - ms) * (1.0 - rho)
    mom = mom * momentum + grad * lr / (ms + epsilon).sqrt
    return var - mom, ms, mom


def centered_rms_prop(
    var: TracedValue,
    mg: TracedValue,
    ms: TracedValue,
    mom: TracedValue,
    lr: TracedValue,
    rho: TracedValue,
    momentum: TracedValue,
    epsilon: TracedValue,
    grad: TracedValue,
) -> Rule:
    """The same, with the recent variance in place of the mean square."""
    ms = ms + (grad.squared - ms) * (1.0 - rho)
    mg = mg + (grad - mg) * (1.0 - rho)
    mom = mom * momentum + grad * lr / (ms - mg.squared + epsilon).sqrt
    return var - mom, mg, ms, mom


def ftrl(
    var: TracedValue,
    accum: TracedValue,
    linear: TracedValue,
    grad: TracedValue,
    lr: TracedValue,
    l1: TracedValue,
    l2: TracedValue,
    lr_power: TracedValue,
) -> Rule:
    """Follow the regularized leader."""
    return _followed(var, accum, linear, grad, grad, lr, l1, l2, lr_power)


def ftrl_v2(
    var: TracedValue,
    accum: TracedValue,
    linear: TracedValue,
    grad: TracedValue,
    lr: TracedValue,
    l1: TracedValue,
    l2: TracedValue,
    l2_shrinkage: TracedValue,
    lr_power: TracedValue,
) -> Rule:
    """The same, with an L2 penalty on the variable as it is, which does not slow learning down."""
    penalized = grad + 2.0 * l2_shrinkage * var
    return _followed(var, accum, linear, grad, penalized, lr, l1, l2, lr_power)


def _followed(
    var: TracedValue,
    accum: TracedValue,
    linear: TracedValue,
    grad: TracedValue,
    penalized: TracedValue,
    lr: TracedValue,
    l1: TracedValue,
    l2: TracedValue,
    lr_power: TracedValue,
) -> Rule:
    new_accum = accum + grad.squared
    old_root, root = _root(accum, lr_power), _root(new_accum, lr_power)
    linear = linear + penalized - (root - old_root) / lr * var
    leader = (l1 * linear.sign - linear) / (root / lr + 2.0 * l2)
    return (abs(linear) > l1).choose(leader, linear * 0.0), new_accum, linear


def _root(x: TracedValue, lr_power: TracedValue) -> TracedValue:
    """`x ** -lr_power`; the square root, which is exact, where the power is the usual one."""
    known = lr_power.value.constant
    if known is not None:
        return x.sqrt if known == -0.5 else x**-lr_power
    return (lr_power == -0.5).choose(x.sqrt, x**-lr_power)


def proximal_gradient_descent(
    var: TracedValue, alpha: TracedValue, l1: TracedValue, l2: TracedValue, grad: TracedValue
) -> Rule:
    """A step against the gradient, then one towards zero."""
    return (shrunk(var - grad * alpha, alpha * l1) / (1.0 + l2 * alpha),)


def proximal_adagrad(
    var: TracedValue,
    accum: TracedValue,
    lr: TracedValue,
    l1: TracedValue,
    l2: TracedValue,
    grad: TracedValue,
) -> Rule:
    """The same with the step lengths of Adagrad."""
    accum = accum + grad.squared
    rate = lr / accum.sqrt
    return shrunk(var - grad * rate, rate * l1) / (1.0 + l2 * rate), accum


def adagrad_da(
    var: TracedValue,
    gradient_accumulator: TracedValue,
    gradient_squared_accumulator: TracedValue,
    grad: TracedValue,
    lr: TracedValue,
    l1: TracedValue,
    l2: TracedValue,
    global_step: TracedValue,
) -> Rule:
    """Adagrad by dual averaging: the variable follows from the sums of gradients and squares."""
    step = global_step.cast_like(grad)
    total = gradient_accumulator + grad
    squares = gradient_squared_accumulator + grad.squared
    return lr * shrunk(-total, l1 * step) / (l2 * step * lr + squares.sqrt), total, squares
