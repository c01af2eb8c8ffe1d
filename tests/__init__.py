"""The tests; `samples` says how each operation is called in them."""
