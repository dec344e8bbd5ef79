"""The packages that take long to load, and are not needed to show a help page."""

SLOW_TO_LOAD = (
    "alembic",
    "asyncio",
    "jinja2",
    "matplotlib",
    "numba",
    "numpy",
    "phonenumbers",
    "prometheus_client",
    "pydantic",
    "scipy",
    "soundfile",
    "sqlalchemy",
    "starlette",
    "structlog",
    "uvicorn",
)
