"""Nonlinearities."""

from tests.nn.cases import case

CASES = [
    *(case(f"{name}()", (3, 4)) for name in ("CELU", "ELU", "GELU", "Hardshrink", "Hardswish", "Hardtanh")),
    *(case(f"{name}()", (3, 4)) for name in ("LeakyReLU", "LogSigmoid", "Mish", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid")),
    *(case(f"{name}()", (3, 4)) for name in ("Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink")),
    *(case(f"{name}(inplace=True)", (3,)) for name in ("CELU", "ELU", "Hardswish", "Hardtanh", "LeakyReLU")),
    *(case(f"{name}(inplace=True)", (3,)) for name in ("Mish", "ReLU", "ReLU6", "SELU", "SiLU")),
    *(case(f"Hardsigmoid({setting})", (3, 4), rtol=1e-7) for setting in ("", "inplace=True")),  # PyTorch's 1/6 is in float32
    case("CELU(0.5)", (3, 4)),
    case("CELU(-2.0)", (3, 4)),
    case("ELU(0.5)", (3, 4)),
    case("GELU('tanh')", (3, 4)),
    case("Hardshrink(1.0)", (3, 4)),
    case("Hardtanh(-0.5, 2.0)", (3, 4)),
    case("LeakyReLU(0.2)", (3, 4)),
    case("LeakyReLU(-0.5)", (3, 4)),
    case("Softplus(2.0, 1.0)", (3, 4)),
    case("Softshrink(1.0)", (3, 4)),
    case("Softshrink(0)", (3, 4)),
    case("Threshold(0.5, 2.0)", (3, 4)),
    case("Threshold(-0.5, 0, inplace=True)", (3, 4)),
    case("RReLU()", (3, 4), exact=False),
    case("RReLU(0.2, 0.2, inplace=True)", (3, 4), exact=False),
    case("PReLU()", (3, 4)),
    case("PReLU(4)", (3, 4)),
    case("PReLU(2, init=0.5)", (3, 2, 4, 2)),
    case("PReLU()", (3,)),
    case("GLU()", (3, 4)),
    case("GLU(1)", (3, 4, 2)),
    case("Softmax(dim=1)", (3, 4)),
    case("Softmax(dim=-2)", (3, 4, 2)),
    case("LogSoftmax(dim=0)", (3, 4)),
    case("Softmin(dim=1)", (3, 4)),
    case("Softmax2d()", (2, 3, 2, 2)),
    case("Softmax2d()", (3, 2, 2)),
]
