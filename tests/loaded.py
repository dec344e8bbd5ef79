"""What takes long to load, and is not needed to show a help."""

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
