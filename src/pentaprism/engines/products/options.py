"""What a caller may choose and tell: thresholds, the seller's words, the account's corrections."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """Every threshold of the engine. Shares, probabilities and confidences in 0..1; ``working_side`` in pixels.

    ``title_weight`` and ``text_weight`` are the weights of text evidence: for a hit in the title, for a hit elsewhere only. A defect is
    reported from ``defect_threshold``, on a surface that is not plain from ``textured_defect_threshold``. ``low_share`` and
    ``medium_share`` are the borders of severity as shares of the foreground.
    """

    fine_threshold: float = 0.35
    category_threshold: float = 0.50
    text_evidence: bool = True
    title_weight: float = 0.60
    text_weight: float = 0.30
    correction_similarity: float = 0.90
    color_threshold: float = 0.35
    pattern_threshold: float = 0.50
    material_threshold: float = 0.50
    material_cap: float = 0.70
    style_threshold: float = 0.50
    defect_threshold: float = 0.30
    textured_defect_threshold: float = 0.80
    most_defects: int = 10
    low_share: float = 0.005
    medium_share: float = 0.03
    working_side: int = 1024


@dataclass(frozen=True, slots=True)
class Hints:
    """What the seller wrote; None or empty where there is nothing."""

    title: str | None = None
    description: str | None = None
    filename: str | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """A picture of the same account that its user labelled: the embedding of its classification and the label or category given."""

    embedding: bytes
    label: str
