"""What an environment says of its catalogue, compared with the catalogue that is committed."""

import catalogue
from settings.environment import Environment, SettingsError


def check_goods(settings: Environment) -> None:
    """Raise SettingsError for a department that the goods lack, and for another version of their catalogue.

    The services hold the committed catalogue. An endpoint whose archive holds another version refuses their
    requests.
    """
    goods = settings.catalogue.goods
    committed = catalogue.load(catalogue.GOODS[goods])
    if settings.catalogue.departments is not None:
        try:
            committed.select(settings.catalogue.departments)
        except catalogue.CatalogueError as error:
            lines = "\n".join(f"{settings.name}: catalogue.{line}" for line in str(error).splitlines())
            raise SettingsError(lines) from error
    stated = settings.model.catalogue_version
    if stated not in (None, committed.version):
        raise SettingsError(
            f"{settings.name}: model.catalogue_version = {stated!r}: catalogue/{goods} has the version "
            f"{committed.version}, and the endpoint would refuse the services' requests: package the model "
            "with this catalogue and release it, or check out the commit that the archive was packaged from"
        )
