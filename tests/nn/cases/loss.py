"""Losses."""

from collections.abc import Iterator

import numpy as np

from tests.nn.cases import Case, Input, case, integers, uniform

REDUCTIONS = ("", "reduction='sum'", "reduction='none'")
WEIGHT = "weight=nn.Linear(4, 1).weight.detach()[0] ** 2"  # which both understand
POS_WEIGHT = f"pos_{WEIGHT}"


def of_each(kind: str, *inputs: Input, settings: str = "") -> Iterator[Case]:
    """A case of each reduction."""
    for reduction in REDUCTIONS:
        yield case(f"{kind}({', '.join(filter(None, (settings, reduction)))})", *inputs)


def signs(*shape: int) -> Input:
    """Whole numbers that are 1 or -1, by which nothing is differentiated."""
    return lambda rng: np.asarray(rng.choice([-1, 1], shape))


def distributions(classes: int, *shape: int) -> Input:
    """Numbers whose sum over the axis of the classes, the second or only one, is 1."""
    return lambda rng: np.moveaxis(rng.dirichlet(np.ones(classes), shape), -1, min(1, len(shape)))


def logarithms(classes: int, *shape: int) -> Input:
    """The logarithms of such numbers."""
    return lambda rng: np.log(np.moveaxis(rng.dirichlet(np.ones(classes), shape), -1, min(1, len(shape))).copy())


def _regression() -> Iterator[Case]:
    for kind in ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss"):
        yield from of_each(kind, (3, 4), (3, 4))
    yield case("SmoothL1Loss(beta=0.0)", (3, 4), (3, 4))
    yield case("SmoothL1Loss(beta=0.3)", (3, 4), (3, 4))
    yield case("HuberLoss(delta=0.3)", (3, 4), (3, 4))
    yield from of_each("PoissonNLLLoss", (3, 4), uniform(0, 5, 3, 4), settings="full=True")
    yield case("PoissonNLLLoss(log_input=False, eps=0.01)", uniform(0.1, 3, 3, 4), uniform(0, 5, 3, 4))
    yield from of_each("GaussianNLLLoss", (3, 4), (3, 4), uniform(0.1, 2, 3, 4))
    for shape in ((3,), (3, 1)):
        yield case("GaussianNLLLoss(full=True)", (3, 4), (3, 4), uniform(0.1, 2, *shape))


def _classification() -> Iterator[Case]:
    for settings in ("", "ignore_index=1", WEIGHT):
        yield from of_each("CrossEntropyLoss", (5, 4), integers(4, 5), settings=settings)
        yield from of_each("NLLLoss", logarithms(4, 5), integers(4, 5), settings=settings)
    yield from of_each("CrossEntropyLoss", (5, 4), integers(4, 5), settings=f"{WEIGHT}, ignore_index=1, label_smoothing=0.1")
    yield from of_each("CrossEntropyLoss", (5, 4), distributions(4, 5), settings=WEIGHT)
    for shape in ((), (3, 2), (3, 2, 2)):
        scores = (*shape[:1], 4, *shape[1:])
        yield case("CrossEntropyLoss()", scores, integers(4, *shape))
        yield case("CrossEntropyLoss(reduction='none')", scores, integers(4, *shape))
        yield case("CrossEntropyLoss()", scores, distributions(4, *shape))
        yield case(f"CrossEntropyLoss({WEIGHT}, label_smoothing=0.2)", scores, distributions(4, *shape))
        yield case(f"CrossEntropyLoss({WEIGHT}, label_smoothing=0.2)", scores, integers(4, *shape))
        yield case(f"NLLLoss({WEIGHT})", logarithms(4, *shape), integers(4, *shape))
    yield from of_each("MultiMarginLoss", (5, 4), integers(4, 5), settings=WEIGHT)
    yield case("MultiMarginLoss(p=2, margin=0.5)", (5, 4), integers(4, 5))
    yield case("MultiMarginLoss()", (4,), integers(4))


def _probabilities() -> Iterator[Case]:
    for settings in ("", WEIGHT):
        yield from of_each("BCELoss", uniform(0.05, 0.95, 3, 4), uniform(0, 1, 3, 4), settings=settings)
        yield from of_each("BCEWithLogitsLoss", (3, 4), uniform(0, 1, 3, 4), settings=settings)
        yield from of_each("MultiLabelSoftMarginLoss", (3, 4), uniform(0, 1, 3, 4), settings=settings)
    yield case(f"BCEWithLogitsLoss({WEIGHT}, {POS_WEIGHT})", (3, 4), uniform(0, 1, 3, 4))
    yield case("MultiLabelSoftMarginLoss()", (4,), uniform(0, 1, 4))
    yield from of_each("SoftMarginLoss", (3, 4), signs(3, 4))
    for reduction in ("sum", "none", "batchmean"):  # PyTorch warns of the mean
        yield case(f"KLDivLoss(reduction='{reduction}')", logarithms(4, 3), distributions(4, 3))
    yield case("KLDivLoss(reduction='sum', log_target=True)", logarithms(4, 3), logarithms(4, 3))


def _ranking() -> Iterator[Case]:
    yield from of_each("HingeEmbeddingLoss", (3, 4), signs(3, 4))
    yield from of_each("MarginRankingLoss", (5,), (5,), signs(5), settings="margin=0.3")
    yield from of_each("CosineEmbeddingLoss", (5, 3), (5, 3), signs(5), settings="margin=-0.3")
    yield case("CosineEmbeddingLoss()", (3,), (3,), signs())
    yield from of_each("TripletMarginLoss", (5, 3), (5, 3), (5, 3))
    yield case("TripletMarginLoss(margin=2.0, swap=True)", (5, 3), (5, 3), (5, 3))
    yield case("TripletMarginLoss(p=1.0)", (3,), (3,), (3,))
    yield case("TripletMarginLoss(p=3.0, eps=0.1)", (5, 3), (5, 3), (5, 3))
    yield from of_each("TripletMarginWithDistanceLoss", (5, 3), (5, 3), (5, 3), settings="swap=True")
    yield from of_each("MultiLabelMarginLoss", (4, 3), lambda rng: np.array([[0, -1, 1], [2, 1, -1], [-1, 0, 1], [1, 0, 2]]))
    yield case("MultiLabelMarginLoss()", (3,), lambda rng: np.array([2, -1, 2]))


CASES = [*_regression(), *_classification(), *_probabilities(), *_ranking()]
