# A package proper: one that sagemaker brings along is called `tests` too, and would else come first.
