"""How long a call of AWS is waited for, so that a function tells of a failure before Lambda ends it."""

from botocore.config import Config

PATIENCE = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
