"""Random numbers in native code are those that NumPy draws: the same ones, in the same order, from the same generator."""

import threading
from typing import Any

import numpy as np
import pytest
from native_programs import needs_compiler

import autodiff as ad
import nn
from autodiff.compiling import native
from autodiff.compiling.recording import Recorder, RecordingGenerator
from autodiff.compiling.replay import CHANGED

pytestmark = needs_compiler

GENERATORS = [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64]


def compiled(function: Any, generator: np.random.Generator, *inputs: Any) -> Any:
    recorder = Recorder()
    given = [recorder.input(x, f"x{i}") for i, x in enumerate(inputs)]
    outputs = function(RecordingGenerator(recorder, generator), *given)
    recorder.program.outputs = [recorder.value_of(output) for output in outputs]
    return native.build(recorder.program)


@pytest.mark.parametrize("bits", GENERATORS)
def test_the_numbers_are_numpys(bits: Any) -> None:
    def draw(rng: Any, x: Any) -> list[Any]:
        return [rng.random(5), rng.random((2, 3), np.float32), rng.random((3, 0)) + 1, rng.random(()) * x, rng.random(size=7) < 0.5]

    x = np.ones(4)
    generator, other = np.random.Generator(bits(1)), np.random.Generator(bits(1))
    run = compiled(draw, generator, x)
    generator.bit_generator.state = other.bit_generator.state
    for _ in range(3):
        for got, wanted in zip(run([x]), draw(other, x), strict=True):
            np.testing.assert_array_equal(got, wanted)
            assert got.dtype == wanted.dtype
    assert generator.random() == other.random()


def test_two_generators_keep_apart() -> None:
    a, b = np.random.default_rng(1), np.random.default_rng(2)
    recorder = Recorder()
    mine, others = RecordingGenerator(recorder, a), RecordingGenerator(recorder, b)
    recorder.program.outputs = [recorder.value_of(x) for x in (mine.random(3), others.random(3), mine.random(2))]
    run = native.build(recorder.program)
    c, d = np.random.default_rng(1), np.random.default_rng(2)
    a.bit_generator.state, b.bit_generator.state = c.bit_generator.state, d.bit_generator.state
    for got, wanted in zip(run([]), (c.random(3), d.random(3), c.random(2)), strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_nothing_is_drawn_where_something_is_decided_otherwise() -> None:
    generator = np.random.default_rng(0)
    run = compiled(lambda rng, rate: [rng.random(3) * (rate if rate < 1 else 1.0)], generator, 0.5)
    before = generator.bit_generator.state
    assert run([2.0]) is CHANGED
    assert generator.bit_generator.state == before


def test_a_generator_that_another_thread_draws_from_is_waited_for() -> None:
    generator = np.random.default_rng(0)
    run = compiled(lambda rng: [rng.random(3)], generator)
    thread = threading.Thread(target=run, args=([],))
    with generator.bit_generator.lock:
        thread.start()
        thread.join(0.05)
        assert thread.is_alive()
    thread.join(10)
    assert not thread.is_alive()


def test_dropout_drops_the_same_elements_as_in_eager_training() -> None:
    def trained(wrap: Any) -> list[Any]:
        nn.manual_seed(0)
        model = nn.Sequential(nn.Linear(5, 8), nn.Dropout(0.3), nn.Tanh(), nn.Linear(8, 1))
        optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
        x, y = np.linspace(-1, 1, 50).reshape(10, 5), np.linspace(0, 1, 10).reshape(10, 1)

        @wrap
        def step(x: Any, y: Any) -> Any:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
            return loss

        return [step(x, y).item() for _ in range(20)]

    np.testing.assert_allclose(trained(ad.compile(backend="native")), trained(lambda step: step), rtol=1e-12)


@pytest.mark.parametrize("method", ["standard_normal", "permutation"])
def test_what_numpy_alone_can_draw_is_named(method: str) -> None:
    with pytest.raises(native.Unsupported, match=rf"compile: C cannot say .*: {method} of a generator$"):
        compiled(lambda rng: [getattr(rng, method)(3)], np.random.default_rng(0))


def test_a_generator_goes_on_also_if_nobody_reads_its_numbers() -> None:
    generator, other = np.random.default_rng(0), np.random.default_rng(0)
    run = compiled(lambda rng, x: (rng.random(5), [x * 2, rng.random(2)])[1], generator, np.ones(3))
    generator.bit_generator.state = other.bit_generator.state
    other.random(5)
    np.testing.assert_array_equal(run([np.ones(3)])[1], other.random(2))
