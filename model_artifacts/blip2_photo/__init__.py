"""The demo's model for photographs: the recipe that converts its vision tower and trains what reads it.

The vision tower is an EfficientNet-Lite0 with its ImageNet weights, as a package of Google's model carries
them. What is trained here is the Q-Former and the language model, on made shares of classes: no photograph
is needed.
"""

from pathlib import Path

MODEL = Path(__file__).with_name("model")
CLASSES = Path(__file__).with_name("classes.csv")
"""Which of the network's 1,000 classes is which kind of the catalogue `photo`; all others are unknown."""
NOTICE = Path(__file__).with_name("NOTICE.txt")
"""Whose work the model holds; its licence is that of the repository."""
LICENSE = Path(__file__).resolve().parents[2] / "LICENSE"
