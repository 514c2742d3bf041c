"""`python -m tests.drill.service`: the service, in a hurry."""

from services.analyze.__main__ import main
from tests.drill.haste import hasten

if __name__ == "__main__":
    hasten("services.core", "services.analyze")
    main()
