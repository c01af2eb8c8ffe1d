"""Write the page for those who come from PyTorch, `docs/porting.md`, with the table of spellings: `python -m docs.porting`."""

from __future__ import annotations

from pathlib import Path

from autodiff.porting import LINES, OTHER_MEANING, SPELLINGS

TARGET = Path(__file__).parent / "porting.md"

# A training script, written for PyTorch, of arrays x, y, x_test and y_test; the tests run it with both imports.
SCRIPT = """
model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
criterion = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

losses, validation = [], []
for epoch in range(25):
    for i in range(0, len(x), 10):
        optimizer.zero_grad()
        loss = criterion(model(x[i : i + 10]), y[i : i + 10])
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    with torch.no_grad():
        validation.append(float(criterion(model(x_test), y_test)))
    log = f"epoch {epoch}: loss {loss:.4f}, validation {validation[-1]:.4f}"
"""

HEAD = """# From PyTorch

Made by `python -m docs.porting` from the table in `autodiff/porting.py`. Each line of the tables is tested: both spellings are
evaluated, and give the same.

`nn` has PyTorch's names, arguments and defaults, so that a training script is ported by its imports. `autodiff` has NumPy's, and
whoever asks a tensor for a name of PyTorch's is told the one here.

| PyTorch | here |
| --- | --- |
| `import torch` | `import autodiff as torch`, for what both have; or `import autodiff as ad` |
| `from torch import nn, optim` | `import nn` and `from nn import optim` |
| `import torch.nn.functional as F` | `import nn.functional as F` |

With these, and `x`, `y`, `x_test` and `y_test` as arrays or tensors, this runs in both and gives the same losses from the same
parameters:

```python
{script}```

```python
>>> x = ad.Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
>>> x.unsqueeze(0)
Traceback (most recent call last):
    ...
AttributeError: 'Tensor' object has no attribute 'unsqueeze'. Instead of PyTorch's x.unsqueeze(d) write np.expand_dims(x, d).
>>> x.sum(dim=1)
Traceback (most recent call last):
    ...
TypeError: sum: got an unexpected keyword argument 'dim'. It is called as sum(x, /, axis=None, *, dtype=None, keepdims=False).
>>> np.expand_dims(x, 0).sum(axis=1)
Tensor([[5., 7., 9.]])

```

## What differs deliberately

- A tensor has NumPy's names: `axis=` and `keepdims=`, where PyTorch has `dim=` and `keepdim=`.
- A loss of a prediction of shape (32, 1) and a target of shape (32,) is an error, not a broadcast.
- `float(loss)` and `f"{{loss:.3f}}"` are a number and text, as in PyTorch, and without its warning. `math.exp(loss)`,
  `np.array([loss])` and whatever else might lose a gradient without a word is an error; so is `float(x)` in a function that
  `ad.grad` or another transform differentiates. Where `float` is not called in so many words, as in `map(float, losses)`, and in
  `python -X no_debug_ranges`, which does not know, write `loss.item()`.
- Numbers are float64 unless they are given in another type: parameters take `dtype=`.
- The one device is the CPU: `model.to("cpu")` changes nothing, and `x.cuda()` is left out.
- `ad.Tensor(data)` copies; `ad.asarray(array)` shares memory. `x.data` and `x.numpy()` are read-only arrays. To change a tensor,
  write to it.
- `state_dict()` is a copy, so that the best state so far stays what it was. PyTorch's changes with the module.
- The gradient of `x.max(axis)` is shared between elements that are equally large, as that of PyTorch's `x.amax(d)`; that of its
  `x.max(d)` goes to one of them.
- `x + array` is a tensor, and so is what NumPy's functions return, `np.exp(x)`.
- `ad.grad(f)` is the gradient of a function, as `torch.func.grad`, not `torch.autograd.grad` of tensors.

## The table

x, y and z are tensors, m is one of booleans, i one of integers, u a vector; v and w are numbers, d and e axes, n, a and b
lengths, counts or places; rng is `np.random.default_rng(0)`. For a function such as `torch.unsqueeze(x, d)` see the method,
`x.unsqueeze(d)`. Methods that end with an underscore change x, by a statement.
"""


def _table(lines: dict[str, str]) -> str:
    rows = "".join(f"| `{theirs}` | `{ours}` |\n" for theirs, ours in lines.items())
    return f"\n| PyTorch | here |\n| --- | --- |\n{rows}"


def page() -> str:
    """The whole page."""
    text = HEAD.format(script=SCRIPT.lstrip())
    for heading, lines in SPELLINGS.items():
        text += f"\n### {heading}\n{_table(lines)}"
    text += "\n### The same name, and another meaning\n\nThe names are NumPy's as well, so that not each of these is an error.\n"
    return text + _table(OTHER_MEANING)


if __name__ == "__main__":
    TARGET.write_text(page())
    print(f"{TARGET}: {len(LINES) + len(OTHER_MEANING)} lines")
