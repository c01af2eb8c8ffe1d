"""The collection that the gradient checker is proven with: functions at points, with gradients known to be right or wrong.

Right means: equal to the derivative of the values that the function returns, up to rounding errors. Gradients that nobody could
tell from right ones by values of the function are not in it, except for a few that are marked and explained.
"""

from __future__ import annotations

from collection_case import Case
from collection_hard import HARD
from collection_mistakes import MISTAKES
from collection_models import MODELS
from collection_rough import ROUGH
from collection_shipped import SHIPPED
from collection_shipped_functions import SHIPPED_FUNCTIONS
from collection_shipped_layers import SHIPPED_LAYERS
from collection_shipped_shapes import SHIPPED_SHAPES
from collection_smooth import SMOOTH
from collection_ties import TIES

RELEASED = [*SHIPPED, *SHIPPED_FUNCTIONS, *SHIPPED_SHAPES, *SHIPPED_LAYERS]
CASES: list[Case] = [*SMOOTH, *ROUGH, *MISTAKES, *MODELS, *HARD, *TIES, *RELEASED]
KINDS: list[str] = list(dict.fromkeys(case.kind for case in CASES))
