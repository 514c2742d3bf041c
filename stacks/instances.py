"""What the stacks must know of SageMaker's instance types."""

import re

# Families with a local NVMe disk whose name does not say so; a "d" behind the generation does: m5d, g4dn.
NVME_FAMILIES = {
    "g5": "NVIDIA A10G",
    "g6": "NVIDIA L4",
    "g6e": "NVIDIA L40S",
    "gr6": "NVIDIA L4",
    "g7e": "NVIDIA RTX PRO 6000",
    "p5": "NVIDIA H100",
    "p5e": "NVIDIA H200",
    "p5en": "NVIDIA H200",
    "p6": "NVIDIA Blackwell",
    "trn1": "Trainium",
    "trn1n": "Trainium",
    "trn2": "Trainium 2",
}


def has_local_disk(instance_type: str) -> bool:
    """Whether the instance keeps the model on a disk of its own.

    Such a disk encrypts itself with a key that dies with the instance, and an endpoint configuration that
    names a KMS key for it is refused.
    """
    family = instance_type.split(".")[1]
    generation = re.fullmatch(r"[a-z]+\d+([a-z]*)(-.*)?", family)
    return family.partition("-")[0] in NVME_FAMILIES or bool(generation and "d" in generation[1])
