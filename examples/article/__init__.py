"""The networks of two tutorials, trained by hand-written NumPy and by the framework, side by side: `python -m examples.article`.

- Article A: "Creating a Neural Network from Scratch in Python: Adding Hidden Layers" (Usman Malik, Stack Abuse).
- Article B: "Building Neural Networks with Python Code and Math in Detail, II" (Pratik Shukla, Roberto Iriondo, Towards AI, 2020).

To read, in this order: `systems` (what is learned), `by_hand` (the chain rule in NumPy), `framework` (the same with `nn`),
`explain` (each term of the chain rule by automatic differentiation), `compare` and `sizes`; the rest prints, draws and parses.
"""
