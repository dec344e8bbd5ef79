"""Makes pages from templates. Every value is escaped, whoever wrote it."""

from __future__ import annotations

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from web.static_files import StaticFiles


def template_environment(package: str, files: StaticFiles) -> Environment:
    """Return the environment of a site's templates.

    It has the site's own templates and those that all sites share (`frame.html` is what every page stands in), and the
    function `static`, which gives a file's address.

    Args:
        package: the package whose directory `templates` has the site's own.
        files: the files that the site's pages load.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("web")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = files.address
    return environment
