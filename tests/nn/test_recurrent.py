"""Recurrent networks: layers are their cells over time; states, dropout, errors, and second derivatives."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from beside_torch import both, error, values
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn
from autodiff.testing import check_gradient

KINDS = ["RNN", "LSTM", "GRU"]


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def cell_of(layer: Any, end: str) -> Any:
    """The cell that has the parameters of one of a layer."""
    cell = getattr(nn, f"{type(layer).__name__}Cell")(getattr(layer, f"weight_ih{end}").shape[1], layer.hidden_size)
    cell.load_state_dict({name: getattr(layer, name + end) for name in cell.state_dict()})
    return cell


def first(state: Any) -> Any:
    return state[0] if isinstance(state, tuple) else state


# --- a layer is its cells over time -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_is_its_cell_over_time(kind: str) -> None:
    layer, x = getattr(nn, kind)(2, 3), normal(5, 4, 2)
    cell, state, outputs = cell_of(layer, "_l0"), None, []
    for x_t in x:
        state = cell(x_t, state)
        outputs.append(first(state))
    output, last = layer(x)
    assert_allclose(output.numpy(), np.stack(outputs).numpy(), rtol=1e-12)
    assert_array_equal(output[-1].numpy(), first(last)[0].numpy())


@pytest.mark.parametrize("kind", KINDS)
def test_the_second_direction_is_the_first_on_the_reversed_input(kind: str) -> None:
    both_ways, x = getattr(nn, kind)(2, 3, bidirectional=True), normal(5, 4, 2)
    backwards = getattr(nn, kind)(2, 3)
    backwards.load_state_dict({name: getattr(both_ways, f"{name}_reverse") for name in backwards.state_dict()})
    output, last = both_ways(x)
    expected, last_backwards = backwards(x[::-1])
    assert_allclose(output[..., 3:].numpy(), expected[::-1].numpy(), rtol=1e-12)
    assert_allclose(first(last)[1].numpy(), first(last_backwards)[0].numpy(), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sequence_in_two_parts_gives_the_same_as_in_one(kind: str) -> None:
    layer, x = getattr(nn, kind)(2, 3, num_layers=2), normal(6, 4, 2)
    output, last = layer(x)
    one, state = layer(x[:4])
    two, end = layer(x[4:], state)
    assert_allclose(np.concatenate([one, two]).numpy(), output.numpy(), rtol=1e-12)
    assert_allclose(first(end).numpy(), first(last).numpy(), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_each_sequence_of_a_batch_is_computed_as_it_is_alone(kind: str) -> None:
    layer, x = getattr(nn, kind)(2, 3, num_layers=2, bidirectional=True), normal(6, 4, 2)
    output, last = layer(x)
    alone, its_last = layer(x[:, 1])
    assert alone.shape == (6, 6)
    assert_allclose(alone.numpy(), output[:, 1].numpy(), rtol=1e-12)
    assert_allclose(first(its_last).numpy(), first(last)[:, 1].numpy(), rtol=1e-12)


@pytest.mark.peer
def test_projections_are_those_of_pytorch(torch: Any) -> None:
    mine, theirs = both(torch, lambda library: library.LSTM(2, 4, num_layers=2, proj_size=3, bidirectional=True))
    assert repr(mine) == repr(theirs)
    x = normal(5, 3, 2)
    y, (h, c) = mine(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # which PyTorch gives for every projection
        z, (hz, cz) = theirs(torch.tensor(x))
    for ours, its in ((y, z), (h, hz), (c, cz)):
        assert_allclose(values(ours), values(its), rtol=1e-12, atol=1e-14)


# --- derivatives, and far from 0 --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_second_derivatives_are_those_of_finite_differences(kind: str) -> None:
    layer = getattr(nn, kind)(2, 2)

    def penalty(x: Any) -> Any:
        g = ad.grad(lambda x: np.sum(np.square(layer(x)[0])))(x)
        return np.sum(g * g)

    report = check_gradient(penalty, normal(3, 1, 2))
    assert report.ok, str(report)


@pytest.mark.parametrize("kind", KINDS)
def test_large_inputs_saturate_without_a_warning(kind: str) -> None:
    layer = getattr(nn, kind)(2, 3)
    x = ad.Tensor(1e4 * normal(3, 4, 2), requires_grad=True)
    output, _ = layer(x)
    output.sum().backward()
    assert np.all(np.abs(output.numpy()) <= 1)
    assert x.grad is not None
    assert np.all(np.isfinite(x.grad.numpy()))


# --- parameters -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_start_uniformly_from_one_over_the_root_of_the_hidden_size(kind: str) -> None:
    nn.manual_seed(0)
    for module in (getattr(nn, kind)(30, 100, bidirectional=True), getattr(nn, f"{kind}Cell")(30, 100)):
        for name, parameter in module.named_parameters():
            drawn = 10 * parameter.numpy()  # sqrt(100)
            assert np.all(np.abs(drawn) <= 1), name
            assert abs(np.mean(drawn)) < 5 / np.sqrt(3 * drawn.size), name
            assert abs(np.std(drawn) * np.sqrt(3) - 1) < 0.1, name


def test_all_weights_are_the_parameters_cell_by_cell() -> None:
    layer = nn.LSTM(2, 3, num_layers=2, bidirectional=True)
    assert [len(weights) for weights in layer.all_weights] == [4, 4, 4, 4]
    flat = [p for weights in layer.all_weights for p in weights]
    assert all(p is q for p, q in zip(flat, layer.parameters(), strict=True))
    layer.flatten_parameters()


# --- dropout between layers -------------------------------------------------------------------------------------------------------


def test_dropout_of_everything_leaves_the_second_layer_only_its_biases() -> None:
    layer, x = nn.GRU(2, 3, num_layers=2, dropout=1.0), normal(5, 4, 2)
    expected, _ = second_layer_without_input(layer, 5)
    assert_allclose(layer(x)[0].numpy(), np.broadcast_to(expected.numpy(), (5, 4, 3)), rtol=1e-12)


def second_layer_without_input(layer: nn.GRU, steps: int) -> Any:
    """What the second layer puts out if it sees zeros."""
    second = nn.GRU(3, 3)
    second.load_state_dict({name: getattr(layer, name.replace("_l0", "_l1")) for name in second.state_dict()})
    return second(np.zeros((steps, 1, 3)))


def test_dropout_is_only_between_layers_and_only_while_training() -> None:
    layer, x = nn.GRU(2, 3, num_layers=2, dropout=0.5), normal(5, 4, 2)
    assert np.any(layer(x)[0].numpy() != layer(x)[0].numpy())
    layer.eval()
    assert_array_equal(layer(x)[0].numpy(), layer(x)[0].numpy())


def test_dropout_in_one_layer_is_a_warning() -> None:
    with pytest.warns(UserWarning, match=r"^LSTM: dropout is 0\.5, but it is between layers, and num_layers is 1: nothing"):
        nn.LSTM(2, 3, dropout=0.5)


# --- errors -----------------------------------------------------------------------------------------------------------------------


def test_settings_that_make_no_sense_are_errors() -> None:
    with error(ValueError, "RNN: nonlinearity is 'gelu'; wanted one of 'tanh', 'relu'."):
        nn.RNN(2, 3, nonlinearity="gelu")
    with error(ValueError, "GRUCell: hidden_size is 0; wanted an integer, at least 1."):
        nn.GRUCell(2, 0)
    with error(ValueError, "GRU: num_layers is 0; wanted an integer, at least 1."):
        nn.GRU(2, 3, num_layers=0)
    with error(ValueError, "GRU: dropout is 1.5; wanted a probability, from 0 to 1."):
        nn.GRU(2, 3, num_layers=2, dropout=1.5)
    with error(ValueError, "LSTM: proj_size is 3; wanted less than hidden_size, which is 3, or 0 for none."):
        nn.LSTM(2, 3, proj_size=3)
    with error(ValueError, "LSTM: device is 'cuda'; wanted 'cpu', where NumPy computes."):
        nn.LSTM(2, 3, device="cuda")


def test_inputs_of_other_shapes_are_errors() -> None:
    with error(ValueError, "LSTMCell: the input has shape (4, 3); wanted (N, 2), or (2,) without a batch."):
        nn.LSTMCell(2, 3)(np.ones((4, 3)))
    hint = "Sequences of several lengths: pad them, with nn.utils.rnn.pad_sequence."
    with error(ValueError, f"GRU: the input has shape (4, 3); wanted (L, N, 2), or (L, 2) without a batch. {hint}"):
        nn.GRU(2, 3)(np.ones((4, 3)))
    with error(ValueError, "GRU: the input has shape (4, 0, 2), which is no step; wanted (N, L, 2), or (L, 2) without a batch."):
        nn.GRU(2, 3, batch_first=True)(np.ones((4, 0, 2)))


def test_states_of_other_shapes_are_errors() -> None:
    with error(ValueError, "GRU: h of the state has shape (4, 3); wanted (2, 4, 3)."):
        nn.GRU(2, 3, num_layers=2)(np.ones((5, 4, 2)), np.zeros((4, 3)))
    with error(TypeError, "LSTM: the state is ndarray; wanted the tuple (h, c), or None for zeros."):
        nn.LSTM(2, 3)(np.ones((5, 4, 2)), np.zeros((1, 4, 3)))
    with error(ValueError, "LSTM: c of the state has shape (1, 3); wanted (1, 4, 3)."):
        nn.LSTM(2, 3)(np.ones((5, 4, 2)), (np.zeros((1, 4, 3)), np.zeros((1, 3))))


# --- sequences of several lengths -------------------------------------------------------------------------------------------------


@pytest.mark.peer
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("padding_side", ["left", "right"])
def test_padding_is_that_of_pytorch(torch: Any, batch_first: bool, padding_side: str) -> None:
    sequences = [normal(n, 3, seed=n) for n in (2, 4, 1)]
    settings: Any = {"batch_first": batch_first, "padding_value": -1.0, "padding_side": padding_side}
    expected = torch.nn.utils.rnn.pad_sequence([torch.tensor(x) for x in sequences], **settings)
    assert_array_equal(nn.utils.rnn.pad_sequence(sequences, **settings), expected.numpy())


def test_gradients_reach_each_padded_sequence() -> None:
    sequences = [ad.Tensor(normal(n, 3), requires_grad=True) for n in (2, 4)]
    nn.utils.rnn.pad_sequence(sequences).sum().backward()
    for x in sequences:
        assert x.grad is not None
        assert_array_equal(x.grad.numpy(), np.ones(x.shape))


def test_sequences_that_do_not_fit_are_errors() -> None:
    with error(ValueError, "pad_sequence: the shapes are [(2, 3), (2, 4)]; wanted one or more (L, ...), equal but for L."):
        nn.utils.rnn.pad_sequence([np.ones((2, 3)), np.ones((2, 4))])
    with error(ValueError, "pad_sequence: padding_side is 'both'; wanted 'left' or 'right'."):
        nn.utils.rnn.pad_sequence([np.ones(2)], padding_side="both")


def test_packed_sequences_say_what_to_do_instead() -> None:
    with pytest.raises(
        AttributeError, match=r"^nn\.utils\.rnn\.pack_padded_sequence: there are no packed sequences here\. Pad with"
    ):
        _ = nn.utils.rnn.pack_padded_sequence
    with pytest.raises(AttributeError, match="has no attribute 'pack'"):
        _ = nn.utils.rnn.pack


def test_the_output_and_the_state_as_one_input_is_an_error_that_says_what_to_take() -> None:
    layers = nn.Sequential(nn.LSTM(2, 3), nn.Linear(3, 1))
    with pytest.raises(
        TypeError, match=r"^Linear: the input is a tuple; wanted a tensor .* take the first, output, _ = layer\(x\)\.$"
    ):
        layers(np.ones((4, 5, 2)))
    with pytest.raises(TypeError, match=r"^ReLU: the input is a tuple"):
        nn.ReLU()(nn.GRU(2, 3)(np.ones((4, 5, 2))))
