"""`tf.random`: random tensors, with a state that the session keeps or with seeds as data."""

from pantarhei.graph.scopes import set_random_seed
from pantarhei.ops.random.distributions import categorical, multinomial
from pantarhei.ops.random.distributions import random_gamma as gamma
from pantarhei.ops.random.distributions import random_poisson as poisson
from pantarhei.ops.random.stateful import get_seed, truncated_normal
from pantarhei.ops.random.stateful import random_normal as normal
from pantarhei.ops.random.stateful import random_shuffle as shuffle
from pantarhei.ops.random.stateful import random_uniform as uniform
from pantarhei.ops.random.stateless import (
    stateless_categorical,
    stateless_multinomial,
    stateless_truncated_normal,
)
from pantarhei.ops.random.stateless import stateless_random_normal as stateless_normal
from pantarhei.ops.random.stateless import stateless_random_uniform as stateless_uniform

__all__ = [
    "categorical",
    "gamma",
    "get_seed",
    "multinomial",
    "normal",
    "poisson",
    "set_random_seed",
    "shuffle",
    "stateless_categorical",
    "stateless_multinomial",
    "stateless_normal",
    "stateless_truncated_normal",
    "stateless_uniform",
    "truncated_normal",
    "uniform",
]
