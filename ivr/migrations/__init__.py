"""The history of the tables in `ivr.schema`, step by step."""
