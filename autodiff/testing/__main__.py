"""The command `python -m autodiff.testing`."""

from autodiff.testing.command import main

if __name__ == "__main__":
    raise SystemExit(main())
