"""Networks as estimators of scikit-learn: `fit`, `predict`, in pipelines and searches."""

try:
    from sklearn.utils.validation import validate_data as _  # noqa: F401 (of scikit-learn 1.6)
except ImportError:
    raise ImportError("nn.estimators needs scikit-learn 1.6 or newer: pip install 'chainrule[sklearn]'.") from None

from nn.estimators.classifier import NetworkClassifier
from nn.estimators.regressor import NetworkRegressor

__all__ = ["NetworkClassifier", "NetworkRegressor"]
