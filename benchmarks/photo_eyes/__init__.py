"""How often the demo's model for photographs is right about photographs that are not ImageNet's."""
